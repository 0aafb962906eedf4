import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Bench } from "./support/bench.ts";
import { connectProxy } from "../support/connect-proxy.ts";
import { bytes, mib, openBench } from "./support/bench.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await openBench({ tls: true });
}, 60_000);

afterAll(() => bench.close());

/** No endpoints: requests go to the service's own host names, which only the proxy of the test can reach. */
const toTheService = (proxy: string): Record<string, string | undefined> => ({
  HTTPS_PROXY: proxy,
  NODE_EXTRA_CA_CERTS: bench.emulator.caFile,
  VODUP_VOD_ENDPOINT: undefined,
  VODUP_COS_ENDPOINT: undefined,
});
const emulatorPort = (): number => Number(new URL(bench.emulator.origin).port);

describe("HTTPS_PROXY", () => {
  test("is gone through to both services' real names, and learns nothing but these", async () => {
    const proxy = await connectProxy({ route: emulatorPort });
    const path = await bench.file("proxied.mp4", 3 * mib);
    const env = toTheService(proxy.origin);
    const { code, stderr } = await bench.run(["upload", path, "--part-size", "1MiB"], { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(new Set(proxy.tunnels)).toEqual(
      new Set([
        "vod.intl.tencentcloudapi.com:443",
        expect.stringMatching(/^\w+1250000000-10022853\.cos\.ap-singapore\.myqcloud\.com:443$/),
      ]),
    );
    const seen = proxy.received().toString("latin1");
    for (const secret of [bench.emulator.secretId, "TC3-HMAC-SHA256", "q-signature", "ApplyUpload"]) {
      expect(seen).not.toContain(secret);
    }
  });

  test("that wants a password: exit 4, the hint, and no password in the output", async () => {
    const proxy = await connectProxy({
      route: emulatorPort,
      refuse: () => "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",
    });
    const path = await bench.file("refused.mp4", "x");
    const origin = proxy.origin.replace("//", "//user:hunter2@");
    const { code, stderr } = await bench.run(["upload", path], { env: toTheService(origin) });
    expect(code).toBe(4);
    expect(stderr).toContain("407");
    expect(stderr).toContain("HTTPS_PROXY");
    expect(stderr).not.toContain("hunter2");
  });

  test("is left aside for the hosts of NO_PROXY", async () => {
    const proxy = await connectProxy({ route: emulatorPort });
    const path = await bench.file("direct.mp4", "x");
    const env = { HTTPS_PROXY: proxy.origin, NO_PROXY: "127.0.0.1", NODE_EXTRA_CA_CERTS: bench.emulator.caFile };
    expect((await bench.run(["upload", path], { env })).code).toBe(0);
    expect(proxy.tunnels).toEqual([]);
  });
});

describe("credentials", () => {
  const env = (): Record<string, string | undefined> => ({
    TENCENTCLOUD_SECRET_ID: undefined,
    TENCENTCLOUD_SECRET_KEY: undefined,
    NODE_EXTRA_CA_CERTS: bench.emulator.caFile,
  });

  test("come from ~/.tencentcloud/credentials when the environment has none", async () => {
    const path = await bench.file("ini.mp4", "x");
    const { secretId, secretKey } = bench.emulator;
    await mkdir(join(bench.folder, ".tencentcloud"));
    const ini = `[default]\nsecret_id = ${secretId}\nsecret_key = ${secretKey}\n`;
    await writeFile(join(bench.folder, ".tencentcloud/credentials"), ini);
    expect(await bench.run(["upload", path], { env: env() })).toMatchObject({ code: 0, stderr: "" });
  });

  test("that the service does not know: exit 4, with the other site as a possible cause", async () => {
    const path = await bench.file("unknown.mp4", "x");
    const unknown = { TENCENTCLOUD_SECRET_ID: "AKIDunknown", TENCENTCLOUD_SECRET_KEY: "unknownKeyOfNobody" };
    const { code, stderr } = await bench.run(["upload", path], { env: { ...env(), ...unknown } });
    expect(code).toBe(4);
    expect(stderr).toContain("AuthFailure.SecretIdNotFound");
    expect(stderr).toContain("site");
    expect(stderr).not.toContain("unknownKeyOfNobody");
  });
});

describe("a URL as source", () => {
  test("is uploaded as it is given, and its query is nobody's business", async () => {
    const content = bytes(3 * mib);
    const server = createServer((request, response) => {
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
      response.setHeader("etag", '"one"');
      response.setHeader("accept-ranges", "bytes");
      if (from === undefined) return response.end(request.method === "HEAD" ? undefined : content);
      const part = content.subarray(Number(from), Number(to) + 1);
      response.writeHead(206, { "content-range": `bytes ${from}-${to}/${content.length}` });
      return response.end(part);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/films/a%20film.mp4?sig=hunter2`;
    try {
      const env = { NODE_EXTRA_CA_CERTS: bench.emulator.caFile };
      const { code, stdout, stderr } = await bench.run(["upload", url, "--part-size=1MiB", "--debug"], { env });
      expect(code).toBe(0);
      const media = bench.emulator.media().find(({ fileId }) => fileId === stdout.trim());
      expect(media?.fields).toMatchObject({ MediaName: "a film", MediaType: "mp4" });
      expect((await bench.emulator.readObject(media?.key ?? "")).equals(content)).toBe(true);
      expect(stderr).not.toContain("hunter2");

      bench.emulator.setFaults([{ operation: "UploadPart", partNumber: 3, fault: { kind: "reset-before" } }]);
      const flags = ["--part-size=1MiB", "--concurrency=1", "--retries=0"];
      const failed = await bench.run(["upload", url, ...flags, "--json"], { env });
      expect(failed.code).toBe(5);
      expect(failed.stdout + failed.stderr).not.toContain("hunter2");
      bench.emulator.setFaults([]);
      const [, id = ""] = /to resume: vodup uploads resume ([0-9a-f]+)/.exec(failed.stderr) ?? [];
      const listed = await bench.run(["uploads", "list"]);
      expect(listed.stdout).toMatch(/a%20film\.mp4\?…$/m);
      const resumed = await bench.run(["uploads", "resume", id, "--json"], { env });
      expect(resumed.code).toBe(0);
      expect(JSON.parse(resumed.stdout.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({ resumedParts: 2 });
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
