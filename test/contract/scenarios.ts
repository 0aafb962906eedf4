/**
 * What is asked of a service, one scenario after the other. Each states facts: short texts under fixed names, which do
 * not change from run to run as long as the service does not, and hold no id, key or time.
 */
import { CosClient } from "../../src/cos/client.ts";
import { CosError, NetworkError, VodApiError } from "../../src/errors.ts";
import { generateBody } from "../../src/replay/body.ts";
import { connectTo } from "../support/replay-connection.ts";
import { manifests } from "./manifests.ts";
import type { Subject } from "./subject.ts";
import { isRecord, noSuchFileId, operationOf, wrongToken } from "./subject.ts";
import { valueOf } from "./recorder.ts";

export type Facts = Map<string, string>;

export interface Scenario {
  readonly name: string;
  readonly run: (subject: Subject, facts: Facts) => Promise<void>;
}

const mib = 2 ** 20;
export const media = (length: number): Uint8Array => generateBody({ gen: "xorshift32", seed: 1, length, skip: 0 });

/** An error in the service's words, where it has any. */
export function worded(error: unknown): string {
  if (error instanceof VodApiError) return error.apiCode;
  if (error instanceof CosError) return `${error.status} ${error.cosCode}`;
  if (error instanceof NetworkError) return `${error.code} ${error.status ?? ""}`.trim();
  return error instanceof Error ? error.name : String(error);
}

const outcome = async (work: Promise<unknown>, success = "succeeds"): Promise<string> =>
  work.then(() => success, worded);

interface Session {
  readonly key: string;
  readonly sessionKey: string;
  readonly bucket: string;
  readonly region: string;
  readonly keys: { readonly secretId: string; readonly secretKey: string; readonly token: string };
  readonly expires: number;
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

async function apply(subject: Subject, more: object = {}): Promise<Session> {
  const { response, code } = await subject.raw({ action: "ApplyUpload", params: { MediaType: "mp4", ...more } });
  if (code !== undefined) throw new Error(`ApplyUpload was refused: ${code}`);
  const certificate = isRecord(response["TempCertificate"]) ? response["TempCertificate"] : {};
  return {
    key: text(response["MediaStoragePath"]).replace(/^\//, ""),
    sessionKey: text(response["VodSessionKey"]),
    bucket: text(response["StorageBucket"]),
    region: text(response["StorageRegion"]),
    keys: {
      secretId: text(certificate["SecretId"]),
      secretKey: text(certificate["SecretKey"]),
      token: text(certificate["Token"]),
    },
    expires: Number(certificate["ExpiredTime"]),
  };
}

const commit = (subject: Subject, { sessionKey }: Session): ReturnType<Subject["raw"]> =>
  subject.raw({ action: "CommitUpload", params: { VodSessionKey: sessionKey } });

async function withCos<T>(
  subject: Subject,
  session: Session,
  use: (client: CosClient) => Promise<T>,
  skewMs = 0,
): Promise<T> {
  const dispatcher = connectTo(subject.recorderOrigin);
  const { bucket, region, keys } = session;
  const clock = (): number => subject.now() + skewMs;
  const client = new CosClient({ bucket, region, credentials: keys, dispatcher, clock, retry: { attempts: 1 } });
  try {
    return await use(client);
  } finally {
    await client.close();
    await dispatcher.destroy();
  }
}

const simple: Scenario = {
  name: "simple-upload",
  run: async (subject, facts) => {
    const { fileId, transfer } = await subject.client().upload(media(mib), { mediaType: "mp4", mediaName: "contract" });
    subject.toDelete.add(fileId);
    facts.set("simple.verified-by", transfer.verified);
    const put = subject.exchanges.find((each) => operationOf(each) === "PutObject");
    facts.set("path.holds-file-id", put?.target.includes(fileId) === true ? "yes" : "no");
  },
};

const multipart: Scenario = {
  name: "multipart-upload",
  run: async (subject, facts) => {
    const options = { mediaType: "mp4", mediaName: "contract", partSize: 5 * mib, concurrency: 1 };
    const { fileId, transfer } = await subject.client().upload(media(11 * mib), options);
    subject.toDelete.add(fileId);
    facts.set("multipart.parts", String(transfer.parts));
    facts.set("multipart.verified-by", transfer.verified);
  },
};

const aborted: Scenario = {
  name: "abort",
  run: async (subject, facts) => {
    const session = await apply(subject);
    await withCos(subject, session, async (cos) => {
      const { uploadId } = await cos.initiateMultipartUpload(session.key);
      await cos.uploadPart(session.key, { uploadId, partNumber: 1, body: media(mib) });
      const listed = cos
        .listMultipartUploads(session.key)
        .then((uploads) => (uploads.some((one) => one.uploadId === uploadId) ? "finds it" : "does not find it"));
      facts.set("certificate.list-uploads", await listed.catch(worded));
      facts.set("certificate.list-parts", await outcome(cos.listParts(session.key, uploadId)));
      facts.set("certificate.head", await outcome(cos.headObject(session.key)));
      facts.set("certificate.abort", await outcome(cos.abortMultipartUpload(session.key, uploadId)));
      facts.set("abort.then-list", await outcome(cos.listParts(session.key, uploadId)));
    });
    // A signature is good for 15 minutes (wire §5.8): this one ended an hour ago.
    const late = withCos(subject, session, (cos) => cos.headObject(session.key), -3_600_000);
    facts.set("cos.head-signed-in-the-past", await outcome(late));
    const put = withCos(subject, session, (cos) => cos.putObject(session.key, media(1)), -3_600_000);
    facts.set("cos.signature-from-the-past", await outcome(put));
  },
};

const commitTwice: Scenario = {
  name: "commit-twice",
  run: async (subject, facts) => {
    const session = await apply(subject);
    const early = await commit(subject, session);
    facts.set("commit.before-object", early.code ?? "succeeds");
    await withCos(subject, session, (cos) => cos.putObject(session.key, media(mib)));
    const first = await commit(subject, session);
    const fileId = text(first.response["FileId"]);
    facts.set("commit.first", first.code ?? "succeeds");
    const { CoverUrl: cover } = first.response;
    facts.set("commit.cover-url-without-cover", cover === undefined ? "absent" : JSON.stringify(cover));
    if (fileId !== "") subject.toDelete.add(fileId);
    const second = await commit(subject, session);
    const same = second.response["FileId"] === first.response["FileId"] ? "the same FileId" : "another FileId";
    facts.set("commit.second", second.code ?? same);
    facts.set("commit.unknown-session", (await commit(subject, { ...session, sessionKey: "AAAA" })).code ?? "succeeds");
  },
};

const odd: Scenario = {
  name: "odd-uploads",
  run: async (subject, facts) => {
    const empty = await apply(subject);
    const put = withCos(subject, empty, (cos) => cos.putObject(empty.key, new Uint8Array(0)));
    facts.set("empty.put", await outcome(put));
    const committed = await commit(subject, empty);
    facts.set("empty.commit", committed.code ?? "succeeds");
    const covered = await apply(subject, { CoverType: "jpg" });
    await withCos(subject, covered, (cos) => cos.putObject(covered.key, media(mib)));
    const uncovered = await commit(subject, covered);
    facts.set("cover.announced-not-sent", uncovered.code ?? "succeeds");
    for (const { response } of [committed, uncovered]) {
      if (response["FileId"] !== undefined) subject.toDelete.add(text(response["FileId"]));
    }
    const unknown = [
      ["apply.unknown-procedure", { Procedure: "vodup-no-such-procedure" }],
      ["apply.unopened-region", { StorageRegion: "sa-saopaulo" }],
      ["apply.unknown-media-type", { MediaType: "nosuchtype" }],
    ] as const;
    for (const [name, params] of unknown) {
      const answer = await subject.raw({ action: "ApplyUpload", params: { MediaType: "mp4", ...params } });
      facts.set(name, answer.code ?? "succeeds");
    }
    for (const [type, content] of Object.entries(manifests)) {
      const params = { ManifestType: type, MediaManifestContent: content };
      const { response, code } = await subject.raw({ action: "ParseStreamingManifest", params });
      facts.set(`manifest.${type === "mpd" ? "dash" : "hls"}`, code ?? JSON.stringify(response["MediaSegmentSet"]));
    }
  },
};

const certificates: Scenario = {
  name: "certificate",
  run: async (subject, facts) => {
    const session = await apply(subject);
    facts.set("certificate.life", `${Math.round((session.expires - subject.now() / 1000) / 60)} min`);
    const again = await subject.raw({
      action: "ApplyUpload",
      params: { MediaType: "mp4", VodSessionKey: session.sessionKey },
    });
    const key = text(again.response["MediaStoragePath"]).replace(/^\//, "");
    facts.set("session.refresh", again.code ?? (key === session.key ? "the same object" : "another object"));
    if (again.code === undefined) {
      await withCos(subject, session, (cos) => cos.putObject(session.key, media(1000)));
      // By the key that came last, as the program does that renews for hours.
      const committed = await commit(subject, { ...session, sessionKey: text(again.response["VodSessionKey"]) });
      facts.set("session.renewed-commits", committed.code ?? "succeeds");
      if (committed.response["FileId"] !== undefined) subject.toDelete.add(text(committed.response["FileId"]));
    }
    const { token, ...untokened } = session.keys;
    const call = { action: "DescribeStorageRegions", params: {} };
    facts.set("auth.temporary-key-without-token", (await subject.raw({ ...call, keys: untokened })).code ?? "succeeds");
    facts.set("auth.certificate-on-the-api", (await subject.raw({ ...call, keys: session.keys })).code ?? "succeeds");
    facts.set("certificate.token-length", token.length > 0 ? "not empty" : "empty");
  },
};

const stranger = { secretId: "AKIDEXAMPLESTRANGER00000000000000000", secretKey: "EXAMPLESTRANGER00000000000000000" };

const signatures: Scenario = {
  name: "signatures",
  run: async (subject, facts) => {
    const { keys } = subject.options;
    const call = { action: "ApplyUpload", params: { MediaType: "mp4" } };
    const wrongKey = { ...keys, secretKey: stranger.secretKey };
    const yesterday = (value: string): string => value.replace(/\/\d{4}-\d\d-\d\d\//, "/2020-01-01/");
    const cases = {
      "auth.wrong-key": { keys: wrongKey },
      "auth.unknown-id": { keys: stranger },
      "auth.wrong-scope-date": { authorization: yesterday },
      "auth.wrong-service": { authorization: (value: string) => value.replace("/vod/tc3_request", "/cvm/tc3_request") },
      "auth.wrong-token": { keys: { ...keys, token: wrongToken } },
      "auth.no-timestamp": { headers: { "x-tc-timestamp": undefined } },
      "auth.clock-6-minutes-ahead": { skew: 360 },
      "auth.clock-6-minutes-behind": { skew: -360 },
      "auth.clock-4-minutes-behind": { skew: -240 },
      "auth.unsorted-headers": { reversed: true },
      "auth.unsigned-host": { signedHeaders: ["content-type"] },
      "auth.upper-case-content-type": { contentType: "Application/JSON" },
      "auth.unsigned-payload": {
        payloadHash: "UNSIGNED-PAYLOAD",
        headers: { "x-tc-content-sha256": "UNSIGNED-PAYLOAD" },
      },
      "auth.signed-header-missing": {
        signedHeaders: ["content-type", "host", "x-tc-region"],
        headers: { "x-tc-region": undefined },
      },
      "auth.no-authorization": { headers: { authorization: undefined } },
      "apply.no-region": { region: "" },
      "apply.unknown-region": { region: "vodup-nowhere" },
      "describe.no-region": { action: "DescribeMediaInfos", params: { FileIds: [noSuchFileId] }, region: "" },
      "apply.unknown-parameter": { params: { MediaType: "mp4", VodupNoSuchParameter: 1 } },
    };
    for (const [name, change] of Object.entries(cases)) {
      facts.set(name, (await subject.raw({ ...call, ...change })).code ?? "succeeds");
    }
    const sites = ["vod.intl.tencentcloudapi.com", "vod.tencentcloudapi.com"];
    const host = sites.find((each) => each !== subject.host);
    facts.set("site.other", (await subject.raw({ ...call, host })).code ?? "succeeds");
    const traced = await subject.raw({ ...call, headers: { "x-tc-traceid": "vodup-contract" } });
    facts.set("trace-id.echoed", valueOf(traced.headers, "x-tc-traceid") === undefined ? "no" : "yes");
    for (const minutes of [6, -6]) {
      const client = subject.client({ clock: () => subject.now() + minutes * 60_000 });
      const name = `clock.${minutes > 0 ? "ahead" : "behind"}.corrected`;
      facts.set(name, await outcome(client.call("ApplyUpload", { MediaType: "mp4" })));
    }
  },
};

interface Pulled {
  readonly handle: string;
  readonly fileId: string;
}

async function pull(
  subject: Subject,
  facts: Facts,
  fileId: string,
  rounds: number = subject.options.pulls,
): Promise<Pulled | undefined> {
  for (let round = 0; round < rounds; round += 1) {
    const { response, code } = await subject.raw({ action: "PullEvents", params: {} });
    const set = response["EventSet"];
    if (code !== undefined) facts.set("events.nothing-there", code);
    else if (!Array.isArray(set)) facts.set("events.nothing-there", set === null ? "null" : "absent");
    else if (set.length === 0) facts.set("events.nothing-there", "[]");
    for (const event of Array.isArray(set) ? (set as unknown[]) : []) {
      const body = isRecord(event) && isRecord(event["FileUploadEvent"]) ? event["FileUploadEvent"] : {};
      if (isRecord(event) && body["FileId"] === fileId) return { handle: text(event["EventHandle"]), fileId };
    }
  }
  return undefined;
}

const events: Scenario = {
  name: "events",
  run: async (subject, facts) => {
    const confirm = async (handle: string): Promise<string> =>
      (await subject.raw({ action: "ConfirmEvents", params: { EventHandles: [handle] } })).code ?? "succeeds";
    const { fileId } = await subject.client().upload(media(1000), { mediaType: "mp4", mediaName: "contract" });
    subject.toDelete.add(fileId);
    facts.set("events.unknown-handle", await confirm("vodup-no-such-handle"));
    const found = await pull(subject, facts, fileId);
    facts.set("events.upload-event", found === undefined ? "did not come" : "comes");
    if (found === undefined) return;
    await subject.pause(subject.options.confirmWindowMs + 500);
    facts.set("events.confirm-late", await confirm(found.handle));
    const again = await pull(subject, facts, fileId);
    facts.set("events.after-late-confirm", again === undefined ? "does not come again" : "comes again");
    if (again === undefined) return;
    facts.set("events.handle-when-again", again.handle === found.handle ? "the same" : "another");
    facts.set("events.confirm", await confirm(again.handle));
    facts.set("events.confirm-twice", await confirm(again.handle));
    // Confirmed, so that the queue is now likely to be empty.
    await pull(subject, facts, fileId, 1);
  },
};

/** Deletes what the other scenarios made; the last of them. */
const cleaning: Scenario = {
  name: "cleaning",
  run: async (subject, facts) => {
    const client = subject.client();
    const [first] = subject.toDelete;
    for (const fileId of subject.toDelete) {
      await client.deleteMedia(fileId);
      subject.toDelete.delete(fileId);
    }
    facts.set("delete.media", "succeeds");
    if (first === undefined) return;
    const again = await subject.raw({ action: "DeleteMedia", params: { FileId: first } });
    facts.set("delete.twice", again.code ?? "succeeds");
  },
};

export const scenarios: readonly Scenario[] = [
  simple,
  multipart,
  aborted,
  commitTwice,
  odd,
  certificates,
  signatures,
  events,
  cleaning,
];

/** Runs them all; one that breaks states so under its own name, and the others go on. */
export async function runScenarios(
  subject: Subject,
  done: (scenario: string, first: number, found: Facts) => void = () => undefined,
): Promise<Facts> {
  const facts: Facts = new Map();
  for (const scenario of scenarios) {
    const first = subject.exchanges.length;
    const found: Facts = new Map();
    try {
      await scenario.run(subject, found);
    } catch (error) {
      found.set(`broken.${scenario.name}`, worded(error));
    }
    for (const [name, value] of found) facts.set(name, value);
    done(scenario.name, first, found);
  }
  return facts;
}
