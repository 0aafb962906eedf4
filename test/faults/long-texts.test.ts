import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Journal } from "../../src/batch/journal.ts";
import type { Line } from "../../src/batch/lines.ts";
import { csvRecords } from "../../src/batch/manifest-csv.ts";
import { ndjsonRecords } from "../../src/batch/manifest-ndjson.ts";
import { describeError } from "../../src/cli/report-error.ts";
import { readConfig } from "../../src/cli/settings/config-file.ts";
import { visible, visibleLine } from "../../src/cli/terminal.ts";
import { answerError } from "../../src/cos/answer-error.ts";
import { parseCosEndpoint } from "../../src/cos/endpoint.ts";
import { fromEnvironment } from "../../src/credentials/environment.ts";
import { fromIni } from "../../src/credentials/ini.ts";
import { NetworkError } from "../../src/errors.ts";
import { isTooDeep, parseJson } from "../../src/events/body.ts";
import { eventIdentity } from "../../src/events/identity.ts";
import { createFetchHandler, parseEvent } from "../../src/events/index.ts";
import { retryAfterMs } from "../../src/http/answer.ts";
import { ServiceClock } from "../../src/http/clock.ts";
import { parseOrigin, withoutUser } from "../../src/http/endpoint.ts";
import { proxyFromEnvironment } from "../../src/http/proxy.ts";
import { hider, redactAnswer } from "../../src/http/redact.ts";
import { summarizeCheckpoint } from "../../src/index.ts";
import { xmlTokens } from "../../src/replay/xml-text.ts";
import { shownSource } from "../../src/shown-source.ts";
import { readEntry } from "../../src/state/directory.ts";
import { isLocked } from "../../src/state/lock.ts";
import { readM3u8 } from "../../src/upload/manifest/m3u8.ts";
import { readMpd } from "../../src/upload/manifest/mpd.ts";
import { resolveReference, shownReference } from "../../src/upload/manifest/path.ts";
import { manifestOfText, manifestOfType, refusePage } from "../../src/upload/source/remote-manifest.ts";
import { checkCheckpoint } from "../../src/upload/state/checkpoint-form.ts";
import { openEnvelope } from "../../src/vod-api/envelope.ts";
import { parseXml } from "../../src/xml/parse.ts";

/** What takes a text of a server or of a file. What it says of it, an error included, does not matter here. */
type Reader = (text: string) => unknown;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vodup-long-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const answer = (body: string, headers: Record<string, string> = {}) => ({
  status: 403,
  headers,
  body: Buffer.from(body),
});
const host = "h.example";
const signed = { authorization: "", httpString: "put\n/\n\n\n" } as never;
const cosAnswer = (body: string) =>
  answerError(answer(body), { operation: "PutObject", host, signed, hide: hider("a secret value"), elsewhere: false });
const inXml = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
const playlist = (line: string): unknown => readM3u8(`#EXTM3U\n${line}\n#EXTINF:4,\n0.ts\n`);
const lines = async function* (text: string): AsyncGenerator<Line> {
  yield { number: 1, text: "source", torn: false };
  for (const [index, line] of text.split("\n").entries()) yield { number: index + 2, text: line, torn: false };
};
const all = async (items: AsyncIterable<unknown>): Promise<number> => {
  let count = 0;
  for await (const _ of items) count += 1;
  return count;
};
const file = async (name: string, text: string): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, text, { mode: 0o600 });
  return path;
};
const owner = { manifest: "/m", destination: {} };
const key = "0".repeat(32);
const post = createFetchHandler({ onEvent: () => undefined });

const readers: Readonly<Record<string, Reader>> = {
  "a message for a person": (text) => describeError(new NetworkError("BAD_ANSWER", text, { host, phase: "body" })),
  "what a terminal is given": (text) => visible(text).length + visibleLine(text).length,
  "the search for secrets": hider("a secret value", "50me/0ther+secret=="),
  "an answer's headers and body": (text) =>
    redactAnswer(answer(text, { etag: text, date: text }), { lasting: ["a secret value"], others: [] }),
  "Retry-After and Date": (text) => retryAfterMs({ "retry-after": `Mon, ${text}`, date: text }),
  "the clock": (text) => new ServiceClock().observe(text),
  "an error of the API": (text) =>
    openEnvelope(
      "X",
      host,
      answer(JSON.stringify({ Response: { Error: { Code: text, Message: text }, RequestId: text } })),
    ),
  "a page in place of the API": (text) => openEnvelope("X", host, answer(text, { "content-type": text })),
  "an error of the storage": (text) =>
    cosAnswer(`<Error><Code>${inXml(text)}</Code><Message>${inXml(text)}</Message></Error>`),
  "what the storage has signed": (text) => cosAnswer(`<Error><FormatString>${inXml(text)}</FormatString></Error>`),
  "a page in place of the storage": (text) => cosAnswer(text),
  "a page in place of a video": (text) => refusePage(host, Buffer.from(text)),
  XML: (text) => parseXml(Buffer.from(text)),
  "XML: a tag": (text) => parseXml(Buffer.from(`<a ${text}>`)),
  "XML: an attribute": (text) => parseXml(Buffer.from(`<a b="${inXml(text)}"/>`)),
  "XML: a comment": (text) => parseXml(Buffer.from(`<a><!--${text}--></a>`)),
  "XML: references": (text) => parseXml(Buffer.from(`<a>${text}&#x20;</a>`)),
  "XML of a cassette": (text) => xmlTokens(`<a ${text}>${text}</a>`),
  "a playlist": (text) => playlist(text),
  "a playlist's attributes": (text) => playlist(`#EXT-X-KEY:METHOD=NONE,${text}`),
  "a playlist's variables": (text) => playlist(`#EXT-X-DEFINE:NAME="a",VALUE="${text}"\n#EXT-X-MAP:URI="{$a}"`),
  "a description": (text) => readMpd(Buffer.from(text)),
  "a description's addresses": (text) =>
    readMpd(
      Buffer.from(
        `<MPD><Period><BaseURL>${inXml(text)}</BaseURL><AdaptationSet><Representation/></AdaptationSet></Period></MPD>`,
      ),
    ),
  "a description's templates": (text) =>
    readMpd(
      Buffer.from(
        `<MPD mediaPresentationDuration="PT2S"><Period><AdaptationSet><Representation id="1"><SegmentTemplate duration="2" media="${inXml(text)}$Number$"/></Representation></AdaptationSet></Period></MPD>`,
      ),
    ),
  "a reference": (text) => [
    resolveReference("", text, true),
    resolveReference("", `//${text}`, true),
    shownReference(text),
  ],
  "what may be a manifest": (text) => [manifestOfType(text), manifestOfText(Buffer.from(text))],
  "a line of a manifest": (text) => all(ndjsonRecords(lines(text))),
  "a cell": (text) => all(csvRecords(lines(text))),
  "a cell in quotes": (text) => all(csvRecords(lines(`"${text}"`))),
  "a journal": async (text) => {
    const path = await file("journal", `${JSON.stringify({ type: "journal", version: 1, ...owner })}\n${text}\n`);
    return all((await Journal.look(path, owner)).records());
  },
  "a journal's message": async (text) => {
    const record = JSON.stringify({
      type: "error",
      key,
      source: "a",
      code: "X",
      message: text.slice(0, text.length / 3),
    });
    const path = await file("journal", `${JSON.stringify({ type: "journal", version: 1, ...owner })}\n${record}\n`);
    return all((await Journal.look(path, owner)).records());
  },
  "an event": (text) => {
    const body = Buffer.from(JSON.stringify({ EventType: text, [text]: text, EventHandle: text }));
    return [isTooDeep(body), eventIdentity(parseEvent(parseJson(body)?.value as object))];
  },
  "what may be an event": (text) => [isTooDeep(Buffer.from(text)), parseJson(Buffer.from(text))],
  "an event's content type": (text) => {
    const request = new Request("http://h.example/", { method: "POST", body: "{}" });
    const get = (name: string): string | null => (name === "content-type" ? `application/json;${text}` : null);
    Object.defineProperty(request, "headers", { value: { get } });
    return post(request);
  },
  "a file of credentials": async (text) => fromIni({ file: await file("ini", text) })(),
  "a file of credentials: a value": async (text) =>
    fromIni({ file: await file("ini", `[default]\nsecret_id = ${text}x\nsecret_key="${text}`) })(),
  "a file of credentials: a heading": async (text) => fromIni({ file: await file("ini", `[${text}x`) })(),
  variables: (text) => fromEnvironment({ TENCENTCLOUD_SECRET_ID: text, TENCENTCLOUD_SECRET_KEY: text })(),
  "a proxy": (text) => proxyFromEnvironment({ HTTPS_PROXY: `http://${text}`, NO_PROXY: text }),
  "an endpoint": (text) => parseOrigin("vodEndpoint", `//${text}`),
  "a template of endpoints": (text) => parseCosEndpoint(`https://{bucket}${text}`),
  "a source": (text) => [shownSource(`x://${text}`), withoutUser(`//${text}`)],
  "a file of settings": async (text) => readConfig(await file("config", text), ["region"]),
  "a file of settings: a value": async (text) =>
    readConfig(await file("config", `[default]\nregion = '''${text}'''`), ["region"]),
  "a checkpoint": (text) => [
    summarizeCheckpoint({ state: text, fields: { MediaType: text }, savedAt: text }),
    checkCheckpoint(text),
  ],
  "a state": async (text) => {
    await file(`${"0".repeat(16)}.json`, text);
    return readEntry(folder, "0".repeat(16));
  },
  "a lock": async (text) => isLocked(await file("lock", text)),
};

const units = [" ", "<", "\r\n", "&", '"', "%"];

async function time(read: Reader, text: string): Promise<number> {
  const begun = performance.now();
  try {
    await read(text);
  } catch {
    // That it is refused is as good.
  }
  return performance.now() - begun;
}

/** Between 16, which is linear, and 256, which is quadratic: what is copied or collected makes a long text dearer. */
const most = 64;

test.each(Object.keys(readers))("%s: 1 MiB takes about 16 times as long as 64 KiB", async (name) => {
  const read = readers[name];
  if (read === undefined) throw new Error("no such reader");
  const ratios: Record<string, number> = {};
  for (const unit of units) {
    const [short = "", long = ""] = [16, 20].map((power) => unit.repeat((2 ** power - 300) / unit.length));
    let ratio = Infinity;
    // Another process may take the processor for a moment.
    for (let tried = 0; tried < 4 && ratio >= most; tried += 1) {
      const took = await time(read, long);
      // What takes a moment only has nothing that grows.
      ratio = Math.min(ratio, took / Math.max(await time(read, short), 2));
    }
    if (ratio >= most) ratios[unit] = ratio;
  }
  expect(ratios).toEqual({});
});

test("what is quadratic would be found", async () => {
  const quadratic = (text: string): string => text.replace(/ +(?=x)/, "");
  const [short, long] = [await time(quadratic, " ".repeat(2 ** 11)), await time(quadratic, " ".repeat(2 ** 15))];
  expect(long / short).toBeGreaterThan(most);
});
