import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { inspect } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import type { EmulatorOptions, FaultRule } from "../../src/emulator/index.ts";
import type { UploadOptions, UploadSource, VodClientOptions } from "../../src/index.ts";
import { VodClient } from "../../src/index.ts";
import { recordingProxy } from "../support/recording-proxy.ts";
import { tcpServer } from "../support/raw-servers.ts";
import { atEnd, bench, mib, once, random, tempFile } from "../upload/support.ts";

/*
 * Whatever fails, and however, none of these shows in an error, a diagnostics message, a warning, an event or the client
 * itself: the account's secret key and token, the temporary certificate's, the session key, any signature. The
 * checkpoint object is the one exception, and is not enumerable.
 */

const account = { secretKey: "AccountSecretKey/5ecret", token: "Acc0untT0ken+/==" };
const channels = ["vodup:upload", "vodup:request", "vodup:retry"];

afterEach(() => {
  for (const off of listening.splice(0)) off();
});
const listening: (() => void)[] = [];

/** Everything that an onlooker could log. */
class Ears {
  readonly #heard: string[] = [];
  readonly certificates: Record<string, string>[] = [];
  readonly sessionKeys: string[] = [];

  constructor() {
    for (const name of channels) {
      const hear = (message: unknown): void => this.hear(message);
      subscribe(name, hear);
      listening.push(() => unsubscribe(name, hear));
    }
  }

  hear(value: unknown): void {
    this.#heard.push(inspect(value, { depth: 20, showHidden: false, maxStringLength: null, maxArrayLength: null }));
    this.#heard.push(JSON.stringify(value) ?? "");
    if (!(value instanceof Error)) return;
    this.#heard.push(value.message, String(value.stack), String(value));
    const { checkpoint, vodSessionKey } = value as { checkpoint?: unknown; vodSessionKey?: unknown };
    expect(Object.keys(value)).not.toContain("checkpoint");
    expect(Object.keys(value)).not.toContain("vodSessionKey");
    this.learn(checkpoint);
    if (typeof vodSessionKey === "string") this.sessionKeys.push(vodSessionKey);
    if (value.cause !== undefined) this.hear(value.cause);
  }

  learn(checkpoint: unknown): void {
    const { session } = (checkpoint ?? {}) as {
      session?: { vodSessionKey: string; certificate?: Record<string, string> };
    };
    if (session === undefined) return;
    this.sessionKeys.push(session.vodSessionKey);
    if (session.certificate !== undefined) this.certificates.push(session.certificate);
  }

  /** @param sent what went over the wire: it has the signatures and the tokens */
  judge(sent: string): void {
    const secrets = new Set([account.secretKey, account.token, ...this.sessionKeys]);
    for (const { secretKey, token } of this.certificates)
      for (const part of [secretKey, token]) secrets.add(part ?? "");
    for (const [, signature] of sent.matchAll(/(?:q-signature|Signature)=([0-9a-f]{40,64})/g))
      secrets.add(signature ?? "");
    for (const [, token] of sent.matchAll(/^(?:x-cos-security-token|x-tc-token): *(\S+)/gim)) secrets.add(token ?? "");
    const told = this.#heard.join("\n");
    expect(secrets.size).toBeGreaterThanOrEqual(2);
    for (const secret of secrets) {
      if (secret.length < 8) throw new Error("a secret is too short to be looked for");
      for (const form of [
        secret,
        encodeURIComponent(secret),
        JSON.stringify(secret).slice(1, -1),
        Buffer.from(secret).toString("base64"),
      ]) {
        if (told.includes(form)) throw new Error(`it shows ${form.slice(0, 12)}…: ${excerpt(told, form)}`);
      }
    }
  }
}

function excerpt(text: string, found: string): string {
  const at = text.indexOf(found);
  return text.slice(Math.max(0, at - 200), at + 40);
}

interface Case {
  readonly emulator?: EmulatorOptions;
  readonly client?: Partial<VodClientOptions>;
  readonly source?: () => UploadSource | Promise<UploadSource>;
  readonly options?: UploadOptions;
  /** Expected to fail; otherwise to succeed after trouble. */
  readonly succeeds?: boolean;
}

async function drive({
  emulator: world = {},
  client = {},
  source = () => random(mib + 1),
  options = {},
  succeeds = false,
}: Case): Promise<void> {
  const ears = new Ears();
  const made = await bench({ secretKey: account.secretKey, token: account.token, ...world });
  const proxy = await recordingProxy(made.emulator.origin);
  atEnd(() => proxy.close());
  const vod = made.client({
    credentials: { secretId: made.emulator.secretId, ...account },
    vodEndpoint: proxy.origin,
    cosEndpoint: proxy.origin,
    retry: { attempts: 2, baseDelayMs: 1, throttleDelayMs: 1 },
    ...client,
  });
  ears.hear(vod);
  let failed = false;
  const upload = vod.upload(await source(), {
    mediaType: "mp4",
    partSize: mib,
    onCheckpoint: (checkpoint) => ears.learn(checkpoint),
    onProgress: (event) => ears.hear(event),
    onRetry: (event) => ears.hear(event),
    onWarning: (warning) => ears.hear(warning),
    ...options,
  });
  await upload.then(
    (result) => ears.hear(result),
    (error: unknown) => {
      failed = true;
      ears.hear(error);
    },
  );
  ears.hear(vod);
  expect(failed).toBe(!succeeds);
  ears.judge(proxy.sent());
}

const cos = (status: number, body = ""): FaultRule["fault"] => ({
  kind: "answer",
  status,
  body,
  headers: { "x-cos-request-id": "NWYx", "x-cos-trace-id": "OGVm" },
});
const always = (operation: string, fault: FaultRule["fault"]): EmulatorOptions => ({ faults: [{ operation, fault }] });
const operations = ["ApplyUpload", "InitiateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "CommitUpload"];

describe("no secret shows when", () => {
  const faults: [string, FaultRule["fault"]][] = [
    ["is reset", { kind: "reset-before" }],
    ["is reset after its effect", { kind: "reset-after-effect" }],
    ["is not answered", { kind: "hang" }],
    ["is answered with 500", cos(500)],
    ["is answered with 403 and nothing", cos(403)],
    ["is answered with 502 and HTML", { kind: "answer", status: 502, body: "<html>bad gateway</html>" }],
    ["is answered with 403 by a proxy", { kind: "answer", status: 403, body: "<html>forbidden</html>" }],
    ["is answered with 200 and nothing", { kind: "answer", status: 200 }],
    [
      "is answered with a redirect",
      { kind: "answer", status: 302, headers: { location: "http://elsewhere.example/" } },
    ],
    ["is cut", { kind: "truncate-answer", bytes: 5 }],
    ["finds the certificate expired", { kind: "expire-certificate" }],
  ];

  for (const operation of operations) {
    test.each(faults)(`${operation} %s`, async (_, fault) => {
      const cutting = fault.kind === "truncate-answer" || fault.kind === "reset-after-effect";
      const harmless =
        (cutting && ["CompleteMultipartUpload", "CommitUpload"].includes(operation)) ||
        (fault.kind === "expire-certificate" && ["ApplyUpload", "CommitUpload"].includes(operation));
      await drive({
        emulator: { sessionRefresh: "unknown-parameter", ...always(operation, fault) },
        ...(fault.kind === "hang" ? { client: { retry: { attempts: 1 } } } : {}),
        succeeds: harmless,
      });
    });
  }

  test.each<[string, Case]>([
    ["the key is wrong", { client: { credentials: { secretId: "AKIDwrong", ...account } } }],
    [
      "the signature is wrong, and the server shows its own view of it",
      {
        emulator: { secretId: "AKIDknown", secretKey: "another-key-altogether" },
        client: { credentials: { secretId: "AKIDknown", ...account } },
      },
    ],
    ["a part's CRC64 is wrong", { emulator: always("UploadPart", { kind: "wrong-crc64" }) }],
    ["the whole's CRC64 is wrong", { emulator: always("CompleteMultipartUpload", { kind: "wrong-crc64" }) }],
    ["there is no CRC64", { emulator: { crc64: false }, options: { requireCrc64: true } }],
    [
      "the clock is off and stays so",
      { emulator: always("ApplyUpload", { kind: "clock-skew", ms: 3_600_000 }), succeeds: true },
    ],
    [
      "the certificate is renewed",
      { emulator: { faults: [once("UploadPart", { kind: "expire-certificate" })] }, succeeds: true },
    ],
    [
      "the certificate cannot be renewed",
      { emulator: { sessionRefresh: "new-session", ...always("UploadPart", { kind: "expire-certificate" }) } },
    ],
    [
      "a refresh function gives rubbish",
      {
        emulator: always("UploadPart", { kind: "expire-certificate" }),
        options: { sessionRefresh: async () => ({}) as never },
      },
    ],
    [
      "the session cannot be used",
      {
        emulator: always("ApplyUpload", {
          kind: "answer",
          status: 200,
          body: JSON.stringify({
            Response: {
              RequestId: "r",
              VodSessionKey: "5essionKeyOfRubbish",
              TempCertificate: { SecretId: "a", SecretKey: "5ecretOfRubbish", Token: "t", ExpiredTime: "x" },
            },
          }),
        }),
      },
    ],
    [
      "the commit is uncertain",
      {
        emulator: {
          faults: [
            { operation: "CommitUpload", fault: { kind: "reset-after-effect" } },
            { operation: "DescribeMediaInfos", fault: { kind: "reset-before" } },
          ],
        },
      },
    ],
    ["the source is missing", { source: () => "/does/not/exist.mp4" }],
    [
      "the source fails",
      {
        source: async function* () {
          yield Buffer.alloc(mib);
          throw new Error("unplugged");
        } as never,
      },
    ],
    [
      "the caller's checkpoint cannot be written",
      {
        options: {
          onCheckpoint: () => {
            throw new Error("disk full");
          },
        },
      },
    ],
    [
      "it is aborted",
      { emulator: always("UploadPart", { kind: "hang" }), options: { signal: AbortSignal.timeout(300) } },
    ],
    ["an option is bad", { options: { partSize: 5 } }],
    ["a checkpoint is another's", { options: { checkpoint: { version: 1 } as never } }],
    ["parts are kept", { emulator: always("UploadPart", cos(403)), options: { onFailure: "keep-parts" } }],
    [
      "cleaning up fails",
      {
        emulator: {
          faults: [
            { operation: "UploadPart", fault: cos(403) },
            { operation: "AbortMultipartUpload", fault: cos(403) },
          ],
        },
        options: { onFailure: "abort" },
      },
    ],
  ])(
    "%s",
    async (name, made) => {
      const source = made.source;
      const streaming =
        name === "the source fails" ? () => (source as unknown as () => AsyncGenerator<Uint8Array>)() : source;
      await drive({ ...made, ...(streaming === undefined ? {} : { source: streaming }) });
    },
    20_000,
  );
});

describe("no secret shows when what answers", () => {
  const heads: [string, (request: string) => string][] = [
    ["echoes the request as no HTTP at all", (request) => request],
    ["echoes it in an HTML page", (request) => page(502, `<html><pre>${request}</pre></html>`)],
    [
      "echoes it in an error document",
      (request) => page(403, `<Error><Code>AccessDenied</Code><Message>${escape(request)}</Message></Error>`),
    ],
    [
      "echoes it as the server's view of the signature",
      (request) =>
        page(
          403,
          `<Error><Code>SignatureDoesNotMatch</Code><Message>m</Message><StringToSign>sha1</StringToSign><FormatString>${escape(request)}</FormatString></Error>`,
        ),
    ],
    [
      "echoes it in an API error",
      (request) =>
        page(
          200,
          JSON.stringify({
            Response: { Error: { Code: "AuthFailure.SignatureFailure", Message: request }, RequestId: "r" },
          }),
        ),
    ],
    [
      "echoes it in a header",
      (request) => page(500, "", { "x-debug": request.replaceAll(/[\r\n]+/g, " ").slice(0, 4_000) }),
    ],
  ];
  const page = (status: number, body: string, headers: Record<string, string> = {}): string =>
    `HTTP/1.1 ${status} X\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n` +
    `${Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join("")}\r\n${body}`;
  const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

  test.each(heads)("%s", async (_, echo) => {
    const ears = new Ears();
    const made = await bench({ secretKey: account.secretKey, token: account.token });
    const server = await tcpServer((socket) =>
      socket.once("data", (chunk) => socket.end(echo(chunk.toString("latin1")))),
    );
    const proxy = await recordingProxy(server.origin);
    const whole = await recordingProxy(made.emulator.origin);
    atEnd(async () => {
      await proxy.close();
      await whole.close();
    });
    const credentials = { secretId: made.emulator.secretId, ...account };
    const path = await tempFile(random(2 * mib));
    for (const endpoints of [
      { vodEndpoint: proxy.origin, cosEndpoint: proxy.origin },
      { vodEndpoint: whole.origin, cosEndpoint: proxy.origin },
    ]) {
      const vod = new VodClient({ credentials, ...endpoints, retry: { attempts: 2, baseDelayMs: 1 } });
      atEnd(() => vod.close());
      const error: unknown = await vod
        .upload(path, { partSize: mib, onCheckpoint: (checkpoint) => ears.learn(checkpoint) })
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Error);
      ears.hear(error);
    }
    ears.judge(proxy.sent() + whole.sent());
  });
});
