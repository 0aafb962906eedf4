import { afterEach, describe, expect, it } from "vitest";
import type { Cassette } from "../../src/replay/cassette.ts";
import type { Replay, ReplayOptions } from "../../src/replay/player.ts";
import { generateBody } from "../../src/replay/body.ts";
import { startReplay } from "../../src/replay/player.ts";
import { signCos, signTc3 } from "../../src/signing/index.ts";
import { send } from "./raw-client.ts";
import type { Json } from "./sample-cassette.ts";
import { cassetteOf, realHost, replying, secretId, secretKey, single } from "./sample-cassette.ts";

let replay: Replay | undefined;

async function play(cassette: Cassette, options?: ReplayOptions): Promise<Replay> {
  replay = await startReplay(cassette, options);
  return replay;
}

afterEach(async () => {
  await replay?.close();
  replay = undefined;
});

const clean = { unmatched: [], leftover: [], mismatches: [] };

describe("a request that is as the cassette says", () => {
  it("gets the recorded answer and leaves nothing to report", async () => {
    const { origin, report } = await play(
      cassetteOf([
        single(
          { headers: { "x-one": "1" } },
          {
            headers: [
              ["ETag", '"e"'],
              ["X-Two", "b"],
              ["X-Two", "a"],
            ],
            text: "stored",
          },
        ),
      ]),
    );
    const answer = await send(origin, { method: "PUT", path: "/clip.mp4", headers: { ...realHost, "x-one": "1" } });
    expect(answer).toMatchObject({ status: 200, body: "stored" });
    // Order and duplicates are the cassette's; no Date of today is added.
    expect(answer.headers.slice(0, 6)).toEqual(["ETag", '"e"', "X-Two", "b", "X-Two", "a"]);
    expect(answer.headers.map((name) => name.toLowerCase())).not.toContain("date");
    expect(report()).toEqual(clean);
  });

  it("may address the player itself instead of the real host", async () => {
    const { origin, report } = await play(cassetteOf([single()]));
    await send(origin, { method: "PUT", path: "/clip.mp4" });
    expect(report()).toEqual(clean);
  });

  it("may order its query parameters as it likes, and leave out the = of an empty one", async () => {
    const url = "http://bucket-1250000000.cos.ap-chongqing.myqcloud.com/k?uploads&partNumber=1&uploadId=a%2Bb";
    const { origin, report } = await play(cassetteOf([single({ url })]));
    await send(origin, { method: "PUT", path: "/k?uploadId=a%2Bb&uploads=&partNumber=1" });
    expect(report()).toEqual(clean);
  });

  it("may order its JSON members as it likes", async () => {
    const { origin, report } = await play(cassetteOf([single({ json: { A: [1, { B: null }], C: "d" } })]));
    await send(origin, { method: "PUT", path: "/clip.mp4", body: '{"C":"d", "A":[1,{"B":null}]}' });
    expect(report()).toEqual(clean);
  });

  it("answers HEAD with the headers alone, Content-Length included", async () => {
    const { origin, report } = await play(
      cassetteOf([single({ method: "HEAD" }, { headers: [["Content-Length", "5242880"]] })]),
    );
    const answer = await send(origin, { method: "HEAD", path: "/clip.mp4" });
    expect(answer.body).toBe("");
    expect(answer.headers.slice(0, 2)).toEqual(["Content-Length", "5242880"]);
    expect(report()).toEqual(clean);
  });
});

describe("a deviation is reported by its field", () => {
  const generated = { gen: "xorshift32", seed: 7, length: 1000 };
  const cases: { name: string; request: Json; sent: Parameters<typeof send>[1]; fields: string[]; hint?: RegExp }[] = [
    {
      name: "a header with another value",
      request: { headers: { "content-type": "video/mp4" } },
      sent: { headers: { "content-type": "video/webm" } },
      fields: ["headers.content-type"],
    },
    {
      name: "a header sent twice",
      request: { headers: { "x-cos-acl": "private" } },
      sent: { headers: { "x-cos-acl": ["private", "private"] } },
      fields: ["headers.x-cos-acl"],
    },
    {
      name: "a missing header",
      request: { headers: { "x-cos-acl": "private" }, requireHeaders: ["x-needed"] },
      sent: {},
      fields: ["headers.x-cos-acl", "headers.x-needed"],
    },
    {
      name: "a header that must not be there",
      request: { forbidHeaders: ["transfer-encoding"] },
      sent: { headers: { "transfer-encoding": "chunked" }, body: "x" },
      fields: ["headers.transfer-encoding"],
    },
    {
      name: "a member of the JSON body",
      request: { json: { MediaType: "mp4", Deep: { List: [1, 2], "a/b": true } } },
      sent: { body: '{"MediaType":"mov","Deep":{"List":[1,3],"a/b":true},"Extra":0}' },
      fields: ["body/MediaType", "body/Deep/List/1", "body/Extra"],
    },
    { name: "a body that is no JSON", request: { json: {} }, sent: { body: "MediaType=mp4" }, fields: ["body"] },
    {
      name: "a generated body with one byte changed",
      request: { body: generated },
      sent: { body: Buffer.from(generateBody({ gen: "xorshift32", seed: 7, length: 1000 })).fill(0, 500, 501) },
      fields: ["body"],
      hint: /byte 500/,
    },
    { name: "a text body", request: { text: "<a/>" }, sent: { body: "<a></a>" }, fields: ["body"], hint: /byte 2/ },
    {
      name: "a text in an XML body",
      request: { xml: "<C><Part><PartNumber>1</PartNumber></Part></C>" },
      sent: { body: "<C>\n<Part><PartNumber>2</PartNumber></Part></C>" },
      fields: ["body"],
      hint: /after <Part><PartNumber>/,
    },
    {
      name: "an XML body that goes on",
      request: { xml: "<C></C>" },
      sent: { body: "<C></C><D/>" },
      fields: ["body"],
      hint: /after <C><\/C>/,
    },
    { name: "a body where none belongs", request: { bodyLength: 0 }, sent: { body: "x" }, fields: ["body"] },
    {
      name: "length and digest of the body",
      request: { bodyLength: 3, bodySha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
      sent: { body: "abcd" },
      fields: ["body", "body"],
    },
    {
      name: "the encoding of the path",
      request: { url: "http://bucket-1250000000.cos.ap-chongqing.myqcloud.com/a%28b%29" },
      sent: { path: "/a(b)" },
      fields: ["path"],
    },
    {
      name: "a space of the query sent as +",
      request: { url: "http://bucket-1250000000.cos.ap-chongqing.myqcloud.com/k?prefix=a%20b" },
      sent: { path: "/k?prefix=a+b" },
      fields: ["query"],
    },
    {
      name: "an Authorization that is missing",
      request: { authorization: "q-sign-algorithm=sha1" },
      sent: {},
      fields: ["authorization"],
    },
  ];

  it.each(cases)("$name", async ({ request, sent, fields, hint }) => {
    const { origin, report } = await play(cassetteOf([single(request)]));
    const answer = await send(origin, { method: "PUT", path: "/clip.mp4", ...sent });
    expect(answer.status).toBe(200);
    const { mismatches, ...rest } = report();
    expect(mismatches.map(({ field }) => field)).toEqual(fields);
    for (const mismatch of mismatches) expect(mismatch).toMatchObject({ interaction: "only", attempt: 1 });
    for (const mismatch of mismatches) expect(mismatch.expected).not.toBe(mismatch.actual);
    if (hint !== undefined) expect(mismatches[0]?.hint).toMatch(hint);
    expect(rest).toEqual({ unmatched: [], leftover: [] });
  });

  it("a request that ends before its body does", async () => {
    const { origin, report } = await play(cassetteOf([single({ bodyLength: 10 })]));
    const headers = { "content-length": "10" };
    await expect(
      send(origin, { method: "PUT", path: "/clip.mp4", headers, body: "0123456789", leaveAfter: 4 }),
    ).rejects.toThrow();
    await expect
      .poll(() => report().mismatches)
      .toMatchObject([{ field: "body", actual: expect.stringContaining("ended") }]);
  });
});

describe("a request that is not in the cassette", () => {
  const cases: { name: string; sent: Parameters<typeof send>[1]; reason: RegExp }[] = [
    { name: "another method", sent: { method: "POST", path: "/clip.mp4" }, reason: /"only".*method/ },
    { name: "another path", sent: { method: "PUT", path: "/clip.mov" }, reason: /"only".*path/ },
    { name: "another parameter", sent: { method: "PUT", path: "/clip.mp4?acl" }, reason: /"only".*query/ },
    {
      name: "another real host",
      sent: { method: "PUT", path: "/clip.mp4", headers: { host: "other-1250000000.cos.ap-chongqing.myqcloud.com" } },
      reason: /"only".*host/,
    },
  ];

  it.each(cases)("is refused with the reason: $name", async ({ sent, reason }) => {
    const { origin, report } = await play(cassetteOf([single()]));
    const answer = await send(origin, sent);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatch(reason);
    expect(report()).toMatchObject({
      unmatched: [{ method: sent.method, target: sent.path, reason: expect.stringMatching(reason) }],
      leftover: [{ interaction: "only", repliesUsed: 0, repliesExpected: 1 }],
      mismatches: [],
    });
  });

  it("is refused when its reply was given already", async () => {
    const { origin, report } = await play(cassetteOf([single()]));
    await send(origin, { method: "PUT", path: "/clip.mp4" });
    expect((await send(origin, { method: "PUT", path: "/clip.mp4" })).status).toBe(400);
    expect(report()).toMatchObject({ unmatched: [{ reason: expect.stringContaining("had its reply") }], leftover: [] });
  });

  it("is told apart by its action where every request has the same URL", async () => {
    const call = (id: string): Json => ({
      id,
      group: "calls",
      request: {
        method: "POST",
        url: "http://vod.intl.tencentcloudapi.com/",
        headers: { "x-tc-action": id === "apply" ? "ApplyUpload" : "CommitUpload" },
      },
      response: { status: 200, text: id },
    });
    const { origin, report } = await play(cassetteOf([call("apply"), call("commit")]));
    const post = (action: string) => send(origin, { method: "POST", headers: { "x-tc-action": action } });
    expect((await post("CommitUpload")).body).toBe("commit");
    expect((await post("ApplyUpload")).body).toBe("apply");
    expect((await post("PullUpload")).body).toMatch(/x-tc-action/);
    expect(report()).toMatchObject({ unmatched: [{}], leftover: [], mismatches: [] });
  });
});

describe("order", () => {
  const at = (id: string, more: Json = {}): Json => ({
    id,
    request: { method: "GET", url: `http://bucket-1250000000.cos.ap-chongqing.myqcloud.com/${id}` },
    response: { status: 200 },
    ...more,
  });
  const run = async (cassette: Cassette, ids: string[]): Promise<string[]> => {
    const { origin, report } = await play(cassette);
    for (const id of ids) await send(origin, { path: `/${id}` });
    expect(report()).toMatchObject({ unmatched: [], leftover: [] });
    return report().mismatches.map(({ interaction, field, expected }) => `${interaction} ${field} ${expected}`);
  };

  it("is that of the file where nothing else is said", async () => {
    expect(await run(cassetteOf([at("a"), at("b")]), ["a", "b"])).toEqual([]);
    await replay?.close();
    expect(await run(cassetteOf([at("a"), at("b")]), ["b", "a"])).toEqual(["b order after a"]);
  });

  it("is free inside a group, and closed around it", async () => {
    const grouped = [at("init"), at("p1", { group: "parts" }), at("p2", { group: "parts" }), at("done")];
    expect(await run(cassetteOf(grouped), ["init", "p2", "p1", "done"])).toEqual([]);
    await replay?.close();
    expect(await run(cassetteOf(grouped), ["init", "p2", "done", "p1"])).toEqual(["done order after p1"]);
  });

  it("is what `after` says, by id or by group, and nothing more", async () => {
    const free = [
      at("a"),
      at("b", { after: [] }),
      at("c", { after: ["a"] }),
      at("p", { group: "g", after: ["a"] }),
      at("z", { after: ["g"] }),
    ];
    expect(await run(cassetteOf(free), ["b", "a", "p", "z", "c"])).toEqual([]);
    await replay?.close();
    expect(await run(cassetteOf(free), ["b", "z", "a", "p", "c"])).toEqual(["z order after p"]);
  });

  it("waits for every reply of what comes before", async () => {
    const retried = at("a", { response: undefined, replies: [{ status: 503 }, { status: 200 }] });
    delete retried["response"];
    const { origin, report } = await play(cassetteOf([retried, at("b")]));
    expect((await send(origin, { path: "/a" })).status).toBe(503);
    await send(origin, { path: "/b" });
    expect((await send(origin, { path: "/a" })).status).toBe(200);
    expect(report().mismatches).toMatchObject([{ interaction: "b", field: "order" }]);
  });
});

describe("replies", () => {
  it("are given in sequence; those nobody fetched are left over", async () => {
    const three = replying([{ status: 500 }, { status: 503 }, { status: 200 }]);
    const { origin, report } = await play(cassetteOf([three]));
    expect((await send(origin, { method: "PUT", path: "/clip.mp4" })).status).toBe(500);
    expect((await send(origin, { method: "PUT", path: "/clip.mp4" })).status).toBe(503);
    expect(report()).toEqual({ ...clean, leftover: [{ interaction: "only", repliesUsed: 2, repliesExpected: 3 }] });
  });
});

describe("Authorization", () => {
  const cosAuthorization = (host: string, more: Partial<Parameters<typeof signCos>[0]> = {}, key = secretKey): string =>
    signCos(
      { method: "PUT", path: "/clip.mp4", headers: { host }, startTime: 1735689540, endTime: 1735690500, ...more },
      { secretId, secretKey: key },
    ).authorization;
  const put = (origin: string, authorization: string, headers: Record<string, string> = {}) =>
    send(origin, { method: "PUT", path: "/clip.mp4", headers: { ...headers, authorization } });
  const recorded = single({ authorization: cosAuthorization(realHost.host) });

  it("passes as recorded under the real host", async () => {
    const { origin, report } = await play(cassetteOf([recorded]));
    await put(origin, cosAuthorization(realHost.host), realHost);
    expect(report()).toEqual(clean);
  });

  it("passes when signed for the player's own host, and a copied one does not", async () => {
    const { response, ...request } = recorded;
    const { origin, report } = await play(cassetteOf([{ ...request, replies: [response, response] }]));
    await put(origin, cosAuthorization(new URL(origin).host));
    expect(report().mismatches).toEqual([]);
    await put(origin, cosAuthorization(realHost.host));
    expect(report().mismatches).toMatchObject([
      { field: "authorization", attempt: 2, hint: expect.stringContaining("q-signature") },
    ]);
  });

  it("names the part that differs and shows the text that should have been signed", async () => {
    const { origin, report } = await play(cassetteOf([recorded]));
    await put(origin, cosAuthorization(realHost.host, { endTime: 1735690501 }), realHost);
    const [mismatch] = report().mismatches;
    expect(mismatch?.expected).toBe(cosAuthorization(realHost.host));
    expect(mismatch?.hint).toMatch(/q-sign-time, q-key-time, q-signature/);
    expect(mismatch?.hint).toContain("put\n/clip.mp4\n\nhost=bucket-1250000000.cos.ap-chongqing.myqcloud.com\n");
  });

  it("under `verify` may choose its own times and headers, as long as the signature is right", async () => {
    const { response, ...request } = recorded;
    const { origin, report } = await play(
      cassetteOf([{ ...request, replies: [response, response, response, response] }]),
      {
        authorization: "verify",
      },
    );
    const headers = { host: realHost.host, "x-cos-acl": "private" };
    await put(origin, cosAuthorization(realHost.host, { headers, endTime: 1735690501 }), headers);
    expect(report().mismatches).toEqual([]);
    await put(origin, cosAuthorization(realHost.host, {}, "another key"), realHost);
    await put(origin, cosAuthorization(realHost.host, { headers: {} }), realHost);
    await put(origin, cosAuthorization(realHost.host, { startTime: 1735689700 }), realHost);
    expect(report().mismatches.map(({ attempt, hint }) => `${attempt} ${hint?.split("\n")[0] ?? ""}`)).toEqual([
      "2 differs in q-signature; the signed text should be:",
      "3 host is not signed",
      "4 q-sign-time 1735689700;1735690500 does not contain the cassette's clock (1735689600)",
    ]);
  });

  it("judges TC3 over the bytes that arrived, whatever the JSON encoder", async () => {
    const headers = { "content-type": "application/json", "x-tc-action": "ApplyUpload" };
    const sign = (host: string, body: string): string =>
      signTc3({ method: "POST", host, headers, body, service: "vod", timestamp: 1735689600 }, { secretId, secretKey })
        .authorization;
    const host = "vod.intl.tencentcloudapi.com";
    const request = {
      method: "POST",
      url: `http://${host}/`,
      headers: { ...headers, "x-tc-timestamp": "1735689600" },
      json: { MediaType: "mp4" },
      authorization: sign(host, '{"MediaType":"mp4"}'),
    };
    const { origin, report } = await play(
      cassetteOf([{ id: "apply", request, replies: [{ status: 200 }, { status: 200 }] }]),
    );
    const body = '{ "MediaType": "mp4" }';
    const post = (authorization: string) =>
      send(origin, { method: "POST", headers: { ...request.headers, host, authorization }, body });
    await post(sign(host, body));
    expect(report().mismatches).toEqual([]);
    await post(sign(host, '{"MediaType":"mp4"}'));
    expect(report().mismatches).toMatchObject([
      { field: "authorization", hint: expect.stringMatching(/Signature; .*\nPOST\n\/\n\n/) },
    ]);
  });

  it("never repeats a signature or token that may be somebody's own", async () => {
    const { origin, report } = await play(
      cassetteOf([single({ ...(recorded["request"] as Json), headers: { "x-cos-security-token": "T" } })]),
    );
    const foreign = signCos(
      { method: "PUT", path: "/clip.mp4", headers: realHost, startTime: 1735689540, endTime: 1735690500 },
      { secretId: "AKIDsomebody", secretKey: "theirs" },
    ).authorization;
    await put(origin, foreign, { ...realHost, "x-cos-security-token": "their-token" });
    expect(report().mismatches.map(({ field }) => field)).toEqual(["headers.x-cos-security-token", "authorization"]);
    const told = JSON.stringify(report());
    for (const secret of ["AKIDsomebody", "their-token", foreign.slice(-40)]) expect(told).not.toContain(secret);
  });
});

describe("closing", () => {
  it("ends held connections and is bounded in time", async () => {
    const { origin, close } = await play(cassetteOf([replying([{ fault: "timeout" }])]));
    const pending = send(origin, { method: "PUT", path: "/clip.mp4" }).catch((error: unknown) => error);
    await expect.poll(() => replay?.report().leftover).toEqual([]);
    await close();
    replay = undefined;
    expect(await pending).toBeInstanceOf(Error);
    await expect(send(origin, {})).rejects.toThrow();
  });
});
