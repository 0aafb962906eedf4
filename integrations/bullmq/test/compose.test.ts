import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Emulator, startEmulator } from "vodup/emulator";
import { withBrowser } from "../../../test/page/support/browser.ts";
import { type Command, kill, start } from "./support/command.ts";
import { type Compose, type Service, entrypoint, readCompose } from "./support/compose.ts";
import { eventually } from "./support/eventually.ts";
import { freePort } from "./support/redis-server.ts";
import { samplesOf, valueOf } from "./support/open-metrics.ts";
import { content } from "./support/seeded.ts";

/** No Docker here: what each container runs is run as it stands, with folders, names and ports of this machine. */
const mib = 2 ** 20;
const packageFolder = join(import.meta.dirname, "..");
const given = { REDIS_PASSWORD: "a-password", LIBRARY: "/mnt/library", TENCENTCLOUD_SECRET_ID: "id" };
const account = { ...given, TENCENTCLOUD_SECRET_KEY: "key" };

describe("compose.yaml", () => {
  test("asks for what nothing can run without", async () => {
    for (const name of Object.keys(account)) {
      await expect(readCompose({ ...account, [name]: "" })).rejects.toThrow(`required variable ${name}`);
    }
  });

  test("keeps Redis on disk behind a password, has two workers, and shows the page to its machine only", async () => {
    const { services, volumes } = await readCompose(account);
    const { redis, worker, board } = services;
    expect(redis.command.join(" ")).toContain("--requirepass a-password --appendonly yes");
    expect(redis.command.join(" ")).toContain("--maxmemory-policy noeviction");
    expect(redis.volumes).toEqual(["redis:/data"]);
    expect(Object.keys(volumes)).toEqual(["redis"]);
    expect(redis.ports).toBeUndefined();
    expect(worker.deploy?.replicas).toBe(2);
    expect(worker.volumes).toEqual(["/mnt/library:/library:ro"]);
    expect(worker.ports).toBeUndefined();
    expect(board.ports).toEqual(["127.0.0.1:3000:3000"]);
    expect(Number.parseInt(worker.stop_grace_period ?? "", 10)).toBeGreaterThan(
      Number(worker.environment["DRAIN_SECONDS"]) + 5,
    );
    for (const service of [worker, board]) {
      expect(service).toMatchObject({ restart: "unless-stopped", read_only: true, cap_drop: ["ALL"] });
      expect(service.depends_on).toEqual({ redis: { condition: "service_healthy" } });
    }
  });

  test("holds texts where Compose takes nothing else", async () => {
    for (const { command, environment, healthcheck } of Object.values((await readCompose(account)).services)) {
      const words: unknown[] = [...command, ...Object.values(environment), ...(healthcheck?.test ?? [])];
      expect(words.filter((word) => typeof word !== "string")).toEqual([]);
    }
  });

  test("sets only variables that the README lists", async () => {
    const { services } = await readCompose(account);
    const readme = await readFile(join(packageFolder, "README.md"), "utf8");
    const names = [services.worker, services.board].flatMap(({ environment }) => Object.keys(environment));
    expect(names.filter((name) => !readme.includes(name))).toEqual([]);
  });
});

describe("its commands as processes", () => {
  const { open } = withBrowser();
  let folder: string;
  let emulator: Emulator;
  let compose: Compose;
  let redisPort: number;
  let variables: Record<string, string>;
  let running: Command[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "vodup-compose-"));
    await mkdir(join(folder, "redis"));
    await mkdir(join(folder, "library"));
    emulator = await startEmulator();
    redisPort = await freePort();
    variables = {
      ...account,
      LIBRARY: join(folder, "library"),
      TENCENTCLOUD_SECRET_ID: emulator.secretId,
      TENCENTCLOUD_SECRET_KEY: emulator.secretKey,
      VODUP_VOD_ENDPOINT: emulator.vodEndpoint,
      VODUP_COS_ENDPOINT: emulator.cosEndpoint,
      UPLOADS: "1",
    };
    compose = await readCompose(variables);
    running = [];
  });
  afterEach(async () => {
    await Promise.all(running.map(kill));
    await emulator.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** What a container sees of this machine: its network's names, its volumes, and ports that are its own. */
  function environmentOf({ environment }: Service): NodeJS.ProcessEnv {
    const own = Object.entries(environment).map(([name, value]) => {
      if (name.endsWith("_PORT")) return [name, "0"];
      if (name.endsWith("_HOST")) return [name, "127.0.0.1"];
      return [name, value.replace("@redis:6379", `@127.0.0.1:${redisPort}`).replace("/library", `${folder}/library`)];
    });
    return { PATH: process.env["PATH"], ...(Object.fromEntries(own) as NodeJS.ProcessEnv) };
  }

  async function run(service: Service, command: readonly string[] = service.command): Promise<Command> {
    const began = start([...(await entrypoint(packageFolder)), ...command], folder, environmentOf(service));
    running.push(began);
    return began;
  }

  async function runRedis(): Promise<Command> {
    const { command, environment, healthcheck } = compose.services.redis;
    const here = ["--port", String(redisPort), "--bind", "127.0.0.1", "--dir", join(folder, "redis")];
    const began = start([...command, ...here], folder, { PATH: process.env["PATH"] });
    running.push(began);
    const [kind, program = "", ...args] = healthcheck?.test ?? [];
    expect(kind).toBe("CMD");
    await eventually("Redis is healthy", async () => {
      const probe = start([program, "-p", String(redisPort), ...args], folder, { ...process.env, ...environment });
      await probe.exit;
      return probe.said.out === "PONG\n";
    });
    return began;
  }

  const originOf = async ({ said }: Command, what: string): Promise<string> => {
    const place = new RegExp(`^${what}: (http://[\\d.:]+)`, "m");
    await eventually(`the ${what} is served`, () => place.test(said.err));
    return place.exec(said.err)?.[1] ?? "";
  };

  async function add(...sources: string[]): Promise<string[]> {
    const adding = await run(compose.services.worker, ["add", ...sources]);
    expect([await adding.exit, adding.said.err]).toEqual([0, ""]);
    return adding.said.out.trim().split("\n");
  }

  async function film(name: string, size: number): Promise<string> {
    const path = join(folder, "library", name);
    await writeFile(path, content(size, size));
    return path;
  }

  async function completed(status = ""): Promise<number> {
    return valueOf(await (await fetch(`${status}/metrics`)).text(), "vodup_jobs", { state: "completed" });
  }

  test("upload what is added, are watched, drain, and outlive Redis", async () => {
    const { worker, board } = compose.services;
    let redis = await runRedis();
    const workers = await Promise.all(Array.from({ length: worker.deploy?.replicas ?? 0 }, () => run(worker)));
    const page = await run(board);
    const [statuses, shown] = await Promise.all([
      Promise.all(workers.map((one) => originOf(one, "status"))),
      originOf(page, "board"),
    ]);
    for (const status of statuses) {
      const [, program = "", ...args] = worker.healthcheck?.test ?? [];
      const check = args.map((text) => text.replace("http://127.0.0.1:9464", status));
      expect(await start([program, ...check], folder, process.env).exit).toBe(0);
      await eventually("it is ready", async () => (await fetch(`${status}/readyz`)).status === 200);
    }

    const ids = await add(...(await Promise.all([1, 2, 3, 4].map((size) => film(`${size}.mp4`, size * 100_000)))));
    await eventually("all are uploaded", () => emulator.media().length === 4);
    await eventually("they are said", () => ids.every((id) => workers.some(({ said }) => said.out.includes(id))));
    let done = 0;
    for (const status of statuses) {
      await eventually("they are counted", async () => (await completed(status)) === 4);
      const answer = await fetch(`${status}/metrics`);
      expect(answer.headers.get("content-type")).toContain("application/openmetrics-text");
      const text = await answer.text();
      expect(text.endsWith("# EOF\n")).toBe(true);
      expect(samplesOf(text).length).toBeGreaterThan(20);
      done += valueOf(text, "vodup_worker_jobs_total", { outcome: "completed" });
    }
    expect(done).toBe(4);
    const { page: seen, complaints } = await open(`${shown}/queue/vodup?status=completed`);
    await seen
      .getByText(ids[0] ?? "")
      .first()
      .waitFor();
    expect(complaints).toEqual([]);

    // Redis ends and comes back with what it had, and the workers with it.
    redis.child.kill("SIGKILL");
    await redis.exit;
    redis = await runRedis();
    const again = await film("5.mp4", 500_000);
    await add(again);
    await eventually("the next is uploaded", () => emulator.media().length === 5);
    await eventually("it is counted", async () => (await completed(statuses[0])) === 5);

    for (const { child } of [...workers, page]) child.kill("SIGTERM");
    expect(await Promise.all([...workers, page].map(({ exit }) => exit))).toEqual([0, 0, 0]);
    for (const { said } of workers) {
      expect(said.err).toContain("SIGTERM\ndraining: no more jobs are taken, and nothing is running\ndraining: done\n");
    }
  });

  test("a worker that is killed leaves its job to the other, which sends only what is missing", async () => {
    const { worker } = compose.services;
    await runRedis();
    emulator.setFaults([{ operation: "UploadPart", partNumber: 3, times: 1, fault: { kind: "hang" } }]);
    const first = await run(worker);
    await originOf(first, "status");
    const [id = ""] = await add(await film("long.mp4", 40 * mib));
    const sent = (): number => emulator.requests().filter(({ operation }) => operation === "UploadPart").length;
    await eventually("parts are being sent", () => sent() >= 3);
    const second = await run(worker);
    await originOf(second, "status");
    await eventually("a checkpoint is kept", () => emulator.uploads().some(({ parts }) => parts.length >= 2));
    first.child.kill("SIGKILL");
    await first.exit;
    // The lock of the dead one lasts 30 s, and is looked for every 15 s.
    await eventually("the other has done it", () => second.said.out.includes(`${id} `), 60_000);
    expect(emulator.media()).toHaveLength(1);
    const applied = emulator.requests().filter(({ operation }) => operation === "ApplyUpload");
    expect(applied).toHaveLength(1);
    const text = await (await fetch(`${await originOf(second, "status")}/metrics`)).text();
    expect(valueOf(text, "vodup_jobs_stalled_total")).toBe(1);
    expect(valueOf(text, "vodup_uploaded_bytes_total")).toBeLessThan(40 * mib);
  });

  test("a URL is read from a host of HOSTS, and leads to no other by a redirect", async () => {
    const server = createServer(({ url }, response) => {
      if (url === "/away.mp4") response.writeHead(302, { Location: "http://127.0.0.1:1/x.mp4" }).end();
      else response.end(content(1_000, 1));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    compose = await readCompose({ ...variables, HOSTS: `127.0.0.1:${port}` });
    await runRedis();
    const worker = await run(compose.services.worker);
    const [here = "", away = ""] = await add(`http://127.0.0.1:${port}/here.mp4`, `http://127.0.0.1:${port}/away.mp4`);
    await eventually("one is uploaded", () => worker.said.out.includes(`${here} `));
    await eventually("the other has failed", () => worker.said.err.includes(away));
    server.close();
    expect(worker.said.err).toMatch(/redirects to 127\.0\.0\.1:1, which allowRedirect refuses/);
    expect(emulator.media()).toHaveLength(1);
  });
});
