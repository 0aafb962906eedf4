import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Bench } from "./support/bench.ts";
import { openBench } from "./support/bench.ts";
import { until } from "./support/run-cli.ts";

const folder = new URL("../../fixtures/cassettes/", import.meta.url);
const apply = fileURLToPath(new URL("vod/apply-upload.json", folder));

interface FirstLine {
  readonly origin: string;
  readonly scenario: string;
  readonly secretId: string;
  readonly call: { readonly op: string };
}

interface RequestOfFile {
  readonly headers: Record<string, string>;
  readonly authorization: string;
  readonly json: unknown;
}

let bench: Bench;
let recorded: RequestOfFile;

beforeAll(async () => {
  bench = await openBench();
  const file = JSON.parse(await readFile(apply, "utf8")) as { interactions: { request: RequestOfFile }[] };
  const [only] = file.interactions;
  if (only === undefined) throw new Error("the cassette is empty");
  recorded = only.request;
}, 60_000);

afterAll(() => bench.close());

async function play(args: readonly string[] = []) {
  const run = bench.start(["replay", apply, ...args]);
  await until(() => run.stdout().includes("\n"), "the first line");
  return { run, line: JSON.parse(run.stdout().split("\n")[0] ?? "") as FirstLine };
}

/** The recorded request, changed; signed by whoever recorded it, for the host that stands in the file. */
const send = (origin: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(origin, {
    method: "POST",
    headers: { ...recorded.headers, authorization: recorded.authorization, ...headers },
    body: JSON.stringify(recorded.json),
  });

const reportOf = (stdout: string): Record<string, readonly Record<string, unknown>[]> =>
  JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as Record<string, readonly Record<string, unknown>[]>;

describe("vodup replay", () => {
  test("tells where it listens and what to do, ends when all was played, and names each wrong field", async () => {
    const { run, line } = await play();
    expect(line).toMatchObject({
      origin: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string,
      scenario: "vod-apply-upload",
      secretId: "AKIDEXAMPLE0000000000000000000000000",
      call: { op: "ApplyUpload" },
    });
    const answer = (await (await send(line.origin, { "x-tc-version": "2018-07-18" })).json()) as object;
    expect(answer).toHaveProperty("Response.VodSessionKey");
    const { code, stdout } = await run.ended;
    const fields = reportOf(stdout)["mismatches"]?.map(({ field }) => field);
    // The host is the player's, and the signature was made for the real one.
    expect(fields).toEqual(["headers.x-tc-version", "authorization"]);
    expect(code).toBe(1);
  });

  test("a client that does as recorded makes it exit 0", async () => {
    const { run, line } = await play();
    const { status } = await sendAs("vod.intl.tencentcloudapi.com", line.origin);
    expect(status).toBe(200);
    expect(await run.ended).toMatchObject({ code: 0, stderr: "" });
    expect(reportOf(run.stdout())).toEqual({ unmatched: [], leftover: [], mismatches: [] });
  });

  test("a request too many is reported, although all was played", async () => {
    const { run, line } = await play();
    await sendAs("vod.intl.tencentcloudapi.com", line.origin);
    expect((await sendAs("vod.intl.tencentcloudapi.com", line.origin)).status).toBe(400);
    expect((await run.ended).code).toBe(1);
    expect(reportOf(run.stdout())["unmatched"]).toHaveLength(1);
  });

  test("a signal ends it with the report of what nobody fetched", async () => {
    const { run } = await play(["--port=0", "--verify"]);
    run.child.kill("SIGTERM");
    expect((await run.ended).code).toBe(1);
    expect(reportOf(run.stdout())["leftover"]).toEqual([{ interaction: "call", repliesUsed: 0, repliesExpected: 1 }]);
  });

  test.each([
    ["a file that is not there", "nowhere.json"],
    ["a file that is no cassette", fileURLToPath(new URL("../schema/cassette.schema.json", folder))],
  ])("%s is a wrong command line", async (_, file) => {
    const { code, stdout, stderr } = await bench.run(["replay", file]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(file);
  });

  test("needs exactly one cassette", async () => {
    expect((await bench.run(["replay"])).code).toBe(2);
    expect((await bench.run(["replay", apply, apply])).code).toBe(2);
  });
});

/** `fetch` allows no Host of one's own. */
async function sendAs(host: string, origin: string): Promise<{ status: number | undefined }> {
  const { request } = await import("node:http");
  const body = JSON.stringify(recorded.json);
  return new Promise((resolve, reject) => {
    const headers = { ...recorded.headers, host, authorization: recorded.authorization, "content-length": body.length };
    const outgoing = request(origin, { method: "POST", headers }, (incoming) => {
      incoming.resume();
      incoming.on("end", () => resolve({ status: incoming.statusCode }));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
