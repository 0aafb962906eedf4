import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { cosOperation } from "../../src/emulator/cos/operations.ts";
import { knownOperations } from "../../src/emulator/fault-rules.ts";
import { requestFields } from "../../src/emulator/vod/fields.ts";
import { parseFaultRules, type Emulator, type Fault, type FaultRule } from "../../src/emulator/index.ts";
import { start } from "./support/running.ts";
import {
  apply,
  call,
  codeOf,
  complete,
  cos,
  cosCode,
  element,
  initiate,
  part,
  send,
  type Session,
  type WireAnswer,
} from "./support/wire.ts";
import { timing } from "../support/timing.ts";

const aMebibyte = Buffer.alloc(2 ** 20, 5);

/** An emulator whose faults begin after the session was opened. */
async function withFaults(rules: readonly FaultRule[]): Promise<{ emulator: Emulator; session: Session }> {
  const emulator = await start();
  const session = await apply(emulator);
  emulator.setFaults(rules);
  return { emulator, session };
}

const put = (emulator: Emulator, session: Session, body: Uint8Array | string = "abc"): Promise<WireAnswer> =>
  cos(emulator, session, "PUT", { body });

/** The error code of a rejected request. */
async function failure(request: Promise<unknown>): Promise<string | undefined> {
  const error: unknown = await request.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return (error as { code?: string } | undefined)?.code;
}

const once = (operation: string, fault: Fault): FaultRule[] => [{ operation, times: 1, fault }];

describe("connections", () => {
  test("reset before the request is looked at: nothing is done", async () => {
    const { emulator, session } = await withFaults(once("PutObject", { kind: "reset-before" }));
    expect(await failure(put(emulator, session))).toBe("ECONNRESET");
    expect(await emulator.objects()).toEqual(new Map());
    expect((await put(emulator, session)).status).toBe(200);
    expect(emulator.requests().map(({ operation, status, fault }) => [operation, status, fault])).toEqual([
      ["ApplyUpload", 200, undefined],
      ["PutObject", 0, "reset-before"],
      ["PutObject", 200, undefined],
    ]);
  });

  test("reset after some of the body: nothing is stored", async () => {
    const { emulator, session } = await withFaults(once("PutObject", { kind: "reset-after-bytes", bytes: 200_000 }));
    expect(["ECONNRESET", "EPIPE"]).toContain(await failure(put(emulator, session, Buffer.alloc(8 * 2 ** 20))));
    expect(emulator.requests().at(-1)?.bodyBytes).toBeGreaterThanOrEqual(200_000);
    expect(await emulator.objects()).toEqual(new Map());
  });

  test("reset instead of the answer: the object is there, the media committed", async () => {
    const { emulator, session } = await withFaults([
      { operation: "PutObject", nth: 1, fault: { kind: "reset-after-effect" } },
      { operation: "CommitUpload", nth: 1, fault: { kind: "reset-after-effect" } },
    ]);
    expect(await failure(put(emulator, session))).toBe("ECONNRESET");
    expect((await emulator.objects()).size).toBe(1);
    const commit = { VodSessionKey: session.vodSessionKey };
    expect(await failure(call(emulator, "CommitUpload", commit))).toBe("ECONNRESET");
    expect(emulator.media()).toHaveLength(1);
    expect(await call(emulator, "CommitUpload", commit)).toHaveProperty("FileId");
  });

  test("hang until the emulator closes", async () => {
    const { emulator, session } = await withFaults(once("PutObject", { kind: "hang" }));
    const hanging = failure(put(emulator, session));
    expect(await Promise.race([hanging, new Promise((resolve) => setTimeout(resolve, 100, "hanging"))])).toBe(
      "hanging",
    );
    expect(await emulator.objects()).toEqual(new Map());
    await emulator.close();
    expect(await hanging).toBe("ECONNRESET");
  });

  test("cut in the middle of an answer", async () => {
    const { emulator, session } = await withFaults(
      once("InitiateMultipartUpload", { kind: "truncate-answer", bytes: 20 }),
    );
    const answer = failure(cos(emulator, session, "POST", { query: { uploads: "" } }));
    expect(await answer).toBe("ECONNRESET");
    expect(emulator.uploads()).toHaveLength(1);
  });
});

describe("pace", () => {
  const timed = async (fault: Fault): Promise<{ ms: number; answer: WireAnswer }> => {
    const { emulator, session } = await withFaults(once("*", fault));
    const started = performance.now();
    const answer = await cos(emulator, session, "POST", { query: { uploads: "" } });
    return { ms: performance.now() - started, answer };
  };

  test.each<Fault>([
    { kind: "delay", ms: 120 },
    { kind: "slow-response", ms: 120 },
    { kind: "trickle", ms: 1 },
    { kind: "keep-alive", ms: 40, spaces: 3 },
  ])("%j slows an answer that is whole in the end", timing, async (fault) => {
    const { ms, answer } = await timed(fault);
    expect(ms).toBeGreaterThanOrEqual(115);
    expect(answer.status).toBe(200);
    expect(element(answer, "UploadId")).toMatch(/^\d{10}/);
    if (fault.kind === "keep-alive") expect(answer.text).toMatch(/^ {3}<Init/);
  });

  test("a body is read as slowly as told", timing, async () => {
    const { emulator, session } = await withFaults(
      once("PutObject", { kind: "slow-read", bytesPerSecond: 5 * 2 ** 20 }),
    );
    const started = performance.now();
    expect((await put(emulator, session, aMebibyte)).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThanOrEqual(180);
  });
});

describe("answers", () => {
  test("given instead of ours, before the effect or after it", async () => {
    const slowDown: Fault = {
      kind: "answer",
      status: 503,
      headers: { "Retry-After": "1" },
      body: "<Error><Code>SlowDown</Code></Error>",
    };
    const { emulator, session } = await withFaults([
      { operation: "PutObject", nth: 1, fault: slowDown },
      { operation: "PutObject", nth: 2, fault: { ...slowDown, afterEffect: true } },
      { operation: "PutObject", nth: 3, fault: { kind: "answer", status: 400, early: true } },
    ]);
    const first = await put(emulator, session);
    expect([first.status, first.headers["retry-after"], cosCode(first)]).toEqual([503, "1", "SlowDown"]);
    expect((await emulator.objects()).size).toBe(0);
    expect((await put(emulator, session)).status).toBe(503);
    expect((await emulator.objects()).size).toBe(1);
    const early = await put(emulator, session);
    expect([early.status, early.headers.connection]).toEqual([400, "close"]);
    expect(emulator.requests().at(-1)?.bodyBytes).toBe(0);
  });

  test("whose checksums are wrong or missing, what is stored being right", async () => {
    const { emulator, session } = await withFaults([
      { operation: "PutObject", nth: 1, fault: { kind: "wrong-crc64" } },
      { operation: "PutObject", nth: 2, fault: { kind: "drop-crc64" } },
      { operation: "PutObject", nth: 3, fault: { kind: "wrong-etag" } },
    ]);
    const answers = [await put(emulator, session), await put(emulator, session), await put(emulator, session)];
    const right = await put(emulator, session);
    const crc = answers.map((answer) => answer.headers["x-cos-hash-crc64ecma"]);
    expect(crc[0]).not.toBe(right.headers["x-cos-hash-crc64ecma"]);
    expect(crc.slice(1)).toEqual([undefined, right.headers["x-cos-hash-crc64ecma"]]);
    expect(answers.map((answer) => answer.headers.etag === right.headers.etag)).toEqual([true, true, false]);
  });

  test("whose header names are in capitals", async () => {
    const { emulator, session } = await withFaults(once("PutObject", { kind: "capital-headers" }));
    const { rawHeaders } = await put(emulator, session);
    expect(rawHeaders).toEqual(expect.arrayContaining(["ETAG", "X-COS-REQUEST-ID", "CONTENT-LENGTH", "DATE"]));
  });

  test("of white space only, the upload being completed all the same", async () => {
    const { emulator, session } = await withFaults(once("CompleteMultipartUpload", { kind: "white-space" }));
    const uploadId = await initiate(emulator, session);
    const etag = await part(emulator, session, uploadId, 1, "x");
    const answer = await complete(emulator, session, uploadId, [[1, etag]]);
    expect([answer.status, answer.text.trim()]).toEqual([200, ""]);
    expect((await emulator.objects()).size).toBe(1);
    expect((await complete(emulator, session, uploadId, [[1, etag]])).status).toBe(404);
  });

  test("with status 200 and an error after white space", async () => {
    const { emulator, session } = await withFaults(
      once("CompleteMultipartUpload", { kind: "keep-alive", ms: 1, spaces: 2 }),
    );
    const uploadId = await initiate(emulator, session);
    const etag = await part(emulator, session, uploadId, 1, "x");
    const answer = await complete(emulator, session, uploadId, [[2, etag]]);
    expect([answer.status, cosCode(answer)]).toEqual([200, "InvalidPart"]);
  });
});

describe("state", () => {
  test("a body stored wrong has the checksums of what was stored", async () => {
    const { emulator, session } = await withFaults(once("PutObject", { kind: "corrupt-body" }));
    const wrong = await put(emulator, session);
    expect((await emulator.readObject(session.mediaPath)).toString()).toBe("`bc");
    const right = await put(emulator, session);
    expect(wrong.headers["x-cos-hash-crc64ecma"]).not.toBe(right.headers["x-cos-hash-crc64ecma"]);
  });

  test("a certificate expires on demand", async () => {
    const { emulator, session } = await withFaults(once("PutObject", { kind: "expire-certificate" }));
    expect(cosCode(await put(emulator, session))).toBe("ExpiredToken");
    expect(cosCode(await put(emulator, session))).toBe("ExpiredToken");
    const renewed = await apply(emulator, { VodSessionKey: session.vodSessionKey });
    expect((await put(emulator, renewed)).status).toBe(200);
  });

  test("the server's clock is off for a request, and says so in Date", async () => {
    const { emulator, session } = await withFaults([
      { operation: "*", times: 3, fault: { kind: "clock-skew", ms: 3_600_000 } },
    ]);
    const answer = await put(emulator, session);
    expect([cosCode(answer), element(answer, "Message")]).toEqual(["AccessDenied", "Request has expired"]);
    expect(Date.parse(answer.headers.date ?? "") - Date.now()).toBeGreaterThan(3_590_000);
    expect(await codeOf(emulator, "DescribeEventsState")).toBe("AuthFailure.SignatureExpire");
    emulator.setFaults([{ operation: "*", fault: { kind: "clock-skew", ms: -3_600_000 } }]);
    expect(cosCode(await put(emulator, session))).toBe("RequestTimeTooSkewed");
  });
});

describe("rules", () => {
  const status = async (emulator: Emulator, session: Session, partNumber: number, uploadId: string): Promise<number> =>
    (await cos(emulator, session, "PUT", { query: { partNumber: String(partNumber), uploadId }, body: "x" })).status;
  const fault: Fault = { kind: "answer", status: 500 };

  test("strike by part number, by count, by every n-th, and so many times", async () => {
    const { emulator, session } = await withFaults([{ operation: "UploadPart", partNumber: 2, times: 1, fault }]);
    const uploadId = await initiate(emulator, session);
    const parts = async (numbers: readonly number[]): Promise<number[]> => {
      const all = [];
      for (const number of numbers) all.push(await status(emulator, session, number, uploadId));
      return all;
    };
    expect(await parts([1, 2, 2])).toEqual([200, 500, 200]);
    emulator.setFaults([{ operation: "UploadPart", nth: 3, fault }]);
    expect(await parts([1, 1, 1, 1])).toEqual([200, 200, 500, 200]);
    emulator.setFaults([{ operation: "cos", every: 2, fault }]);
    expect(await parts([1, 1, 1, 1])).toEqual([200, 500, 200, 500]);
    emulator.setFaults([{ operation: "vod", fault }]);
    expect(await parts([1])).toEqual([200]);
    emulator.setFaults([{ operation: "*", pathEndsWith: ".jpg", fault }]);
    expect(await parts([1])).toEqual([200]);
  });

  test("the first that matches decides, and by chance the same way for a seed", async () => {
    const pattern = async (seed: number): Promise<number[]> => {
      const { emulator, session } = await withFaults([
        { operation: "HeadObject", probability: 0.5, seed, fault },
        { operation: "HeadObject", fault: { kind: "answer", status: 503 } },
      ]);
      const all = [];
      for (let count = 0; count < 12; count++) all.push((await cos(emulator, session, "HEAD")).status);
      return all;
    };
    const first = await pattern(3);
    expect(new Set(first)).toEqual(new Set([500, 503]));
    expect(await pattern(3)).toEqual(first);
    expect(await pattern(4)).not.toEqual(first);
  });

  test.each([
    [{}, "operation is missing: it must be text"],
    [{ operation: "*" }, 'fault must be an object such as {"kind":"reset-before"}'],
    [
      { operation: "*", fault: { kind: "explode" } },
      /^fault.kind "explode" is not known; it can be reset-before, .*delay$/,
    ],
    [
      { operation: "*", fault: { kind: "reset_before" } },
      'fault.kind "reset_before" is not known; did you mean reset-before?',
    ],
    [{ operation: "*", fault: {} }, /^fault.kind must be one of reset-before, /],
    [{ operation: "*", fault: { kind: "delay" } }, "fault.ms is missing: it must be a number"],
    [{ operation: "*", fault: { kind: "delay", ms: "1" } }, "fault.ms must be a number"],
    [
      { operation: "*", fault: { kind: "answer", status: 503, headers: { a: 1 } } },
      "fault.headers must be an object of texts",
    ],
    [{ operation: "*", fault: { kind: "delay", Ms: 1 } }, "fault.Ms is not a field; did you mean ms?"],
    [{ operation: "*", nth: "1", fault: { kind: "hang" } }, "nth must be a whole number from 1"],
    [{ operation: "*", nth: 0, fault: { kind: "hang" } }, "nth must be a whole number from 1"],
    [{ operation: "*", probability: 50, fault: { kind: "hang" } }, "probability must be a number from 0 to 1"],
    [{ operation: "*", colour: 1, fault: { kind: "hang" } }, /^colour is not a field; it can be operation, nth, /],
    [
      { operation: "UploadParts", fault: { kind: "hang" } },
      "operation UploadParts is not known; did you mean UploadPart?",
    ],
    [null, "must be an object"],
  ])("%j is refused with its field named", (rule, complaint) => {
    const good: FaultRule = { operation: "ActionOfNextYear", fault: { kind: "hang" } };
    const refused = (): unknown => parseFaultRules([good, rule]);
    expect(refused).toThrow(expect.objectContaining({ name: "TypeError", code: "ERR_INVALID_ARG_VALUE" }));
    const wanted = typeof complaint === "string" ? `fault rule 2: ${complaint}` : undefined;
    try {
      refused();
    } catch (error) {
      const { message } = error as Error;
      if (wanted !== undefined) expect(message).toBe(wanted);
      else expect(message.replace("fault rule 2: ", "")).toMatch(complaint);
    }
  });

  test("know every action and operation of the emulator", () => {
    const cosOperations = ["PUT", "GET", "HEAD", "POST", "DELETE"].flatMap((method) =>
      [new Map(), new Map([["uploads", ""]]), new Map([["uploadId", "1"]])].flatMap((query) =>
        ["/", "/key"].map((path) => cosOperation(method, path, query)),
      ),
    );
    expect(knownOperations).toEqual(expect.arrayContaining([...Object.keys(requestFields), ...cosOperations]));
  });

  test("are a list", async () => {
    expect(() => parseFaultRules("hang")).toThrow(TypeError);
    await expect(
      start({ faults: [{ operation: "*", fault: { kind: "hang", ms: 1 } as unknown as Fault }] }),
    ).rejects.toThrow(TypeError);
  });

  test("and the clock can be set by other processes", async () => {
    const emulator = await start();
    const control = (method: string, target: string, body: unknown): Promise<WireAnswer> =>
      send(emulator.origin, {
        method,
        target,
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    expect(
      (await control("PUT", "/faults", [{ operation: "*", times: 1, fault: { kind: "answer", status: 502 } }])).status,
    ).toBe(200);
    expect((await control("POST", "/clock", { advanceMs: 1 })).status).toBe(502);
    const before = emulator.now();
    expect((await control("POST", "/clock", { advanceMs: 60_000 })).status).toBe(200);
    expect(emulator.now() - before).toBeGreaterThanOrEqual(60_000);
    expect((await control("PUT", "/faults", [{}])).status).toBe(400);
    expect((await control("POST", "/clock", {})).status).toBe(400);
    expect(emulator.requests().map((one) => one.operation)).toEqual([
      "PUT /faults",
      "POST /clock",
      "POST /clock",
      "PUT /faults",
      "POST /clock",
    ]);
  });
});

test("a request that is no HTTP is sent away", async () => {
  const emulator = await start();
  const socket = connect(Number(new URL(emulator.origin).port), "127.0.0.1");
  socket.end("hello\r\n\r\n");
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 400 /);
});
