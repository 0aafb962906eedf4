import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Run, Written } from "./record.ts";
import type { Subject } from "./subject.ts";
import { parseCassette } from "../../src/replay/load.ts";
import { startReplay } from "../../src/replay/player.ts";
import { sendRecorded } from "./send-recorded.ts";
import { unreproducible } from "../support/cassette-signatures.ts";
import { formsOf, leaksIn } from "../support/leak-gate.ts";
import { schemaErrors } from "../support/schema-errors.ts";
import { deviations, startDouble, type Double } from "./double.ts";
import { emulatorSubject } from "./emulator-subject.ts";
import { questions } from "./questions.ts";
import { examine, writeRun } from "./record.ts";
import { openSubject } from "./subject.ts";

let folder: string;
let double: Double;
let subject: Subject;
let run: Run;
let written: Written;

const read = (file: string): Promise<string> => readFile(join(folder, file), "utf8");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vodup-contract-"));
  const known = await emulatorSubject();
  const expected = await examine(known.subject);
  await known.subject.close();
  await known.emulator.close();
  double = await startDouble();
  subject = await openSubject({
    name: "the double",
    upstream: double.upstream,
    keys: { secretId: double.emulator.secretId, secretKey: double.emulator.secretKey },
    subAppId: 1_511_223_344,
    confirmWindowMs: 700,
    pulls: 4,
  });
  run = await examine(subject);
  const provenance = { kind: "emulator", text: "The double of the rehearsal", host: "", date: "" } as const;
  written = await writeRun(folder, subject, run, expected.facts, provenance, true);
}, 60_000);

afterAll(async () => {
  await subject.close();
  await double.close();
  await rm(folder, { recursive: true, force: true });
});

describe("a service unlike the emulator", () => {
  test("is examined to the end, over TLS and under the real names", () => {
    expect([...run.facts.keys()].filter((fact) => fact.startsWith("broken."))).toEqual([]);
    const hosts = new Set(subject.exchanges.map(({ host }) => host.replace(/^[^.]+(?=\.cos\.)/, "*")));
    expect([...hosts].sort()).toEqual([
      "*.cos.ap-singapore.myqcloud.com",
      "vod.intl.tencentcloudapi.com",
      "vod.tencentcloudapi.com",
    ]);
    expect(double.emulator.media()).toEqual([]);
  });

  test("the report names every deviation", () => {
    const named = written.report.deviations.map(({ fact }) => fact);
    expect(Object.keys(deviations).length).toBeGreaterThanOrEqual(8);
    for (const [what, fact] of Object.entries(deviations)) expect(named, what).toContain(fact);
  });

  test("the report names what others saw and this service refutes", async () => {
    const refuted = written.report.witnesses.filter(({ agrees }) => agrees === false).map(({ fact }) => fact);
    expect(refuted.sort()).toEqual([
      "apply.unknown-region",
      "auth.unknown-id",
      "certificate.list-uploads",
      "commit.cover-url-without-cover",
      "events.nothing-there",
      "session.refresh",
      "wire.cos.date",
    ]);
    const confirmed = written.report.witnesses.filter(({ agrees }) => agrees === true);
    expect(confirmed.length).toBeGreaterThan(8);
    const table = await read("report.md");
    expect(table).toContain("| events.nothing-there | matched-by-programs | ResourceNotFound | [] | REFUTED |");
    expect(table).toContain(
      "| auth.wrong-service | server-bytes | AuthFailure.InvalidAuthorization | AuthFailure.InvalidAuthorization | confirmed |",
    );
  });

  test("the report answers every question that can be asked, or says why not", async () => {
    const { answers } = written.report;
    expect(answers.map(({ section }) => section)).toEqual(questions.map(({ section }) => section));
    for (const { seen, notAsked } of answers) expect(Object.keys(seen).length === 0).toBe(notAsked !== undefined);
    expect(answers.filter(({ notAsked }) => notAsked !== undefined).map(({ section }) => section)).toEqual([
      "17.13",
      "17.17",
      "17.18",
    ]);
    const table = await read("report.md");
    for (const { section, text } of questions) expect(table).toContain(`| ${section} | ${text} |`);
    expect(JSON.parse(await read("report.json"))).toEqual(written.report);
  });
});

describe("the recorded cassettes", () => {
  const cassettes = (): string[] => written.files.filter((file) => !file.startsWith("report."));

  test("are one for each scenario, of the form of all cassettes, each signature right under the made-up keys", async () => {
    expect(cassettes()).toHaveLength(run.parts.length);
    for (const file of cassettes()) {
      const json: unknown = JSON.parse(await read(file));
      expect(schemaErrors("cassette", json), file).toEqual([]);
      const cassette = parseCassette(json);
      expect(unreproducible(cassette), file).toEqual([]);
      const scenario = run.parts.find((part) => `contract-${part.scenario}` === cassette.scenario);
      expect(cassette.interactions.map(({ request }) => request.method)).toEqual(
        scenario?.exchanges.map(({ method }) => method),
      );
    }
  });

  test("keep what is the subject of a signature: all but the deliberately wrong ones are signed again", async () => {
    const unsigned = await Promise.all(
      cassettes().map(async (file) => {
        const { scenario, interactions } = parseCassette(JSON.parse(await read(file)));
        return interactions.some(({ request }) => request.authorization === undefined) ? [scenario] : [];
      }),
    );
    expect(unsigned.flat().sort()).toEqual(["contract-signatures"]);
  });

  test("can be played: a client that sends what they hold is answered, and nothing is wrong", async () => {
    for (const file of cassettes()) {
      const cassette = parseCassette(JSON.parse(await read(file)));
      const objects = run.parts.find((part) => `contract-${part.scenario}` === cassette.scenario)?.exchanges ?? [];
      const replay = await startReplay(cassette);
      try {
        for (const [index, { request }] of cassette.interactions.entries()) {
          await sendRecorded(replay.origin, request, objects[index]?.requestBody ?? Buffer.alloc(0));
        }
        expect(replay.report(), file).toEqual({ unmatched: [], leftover: [], mismatches: [] });
      } finally {
        await replay.close();
      }
    }
  });

  test("hold checksums and sizes as they were", async () => {
    const text = await read("multipart-upload.json");
    const etag = subject.exchanges.flatMap(({ headers }) => headers).find(([name]) => name === "etag")?.[1];
    expect(etag).toMatch(/^[0-9a-f]{32}$/);
    expect(`${text}${await read("simple-upload.json")}`).toContain(etag);
  });
});

test("no key and no account number has reached the disk, in any form", async () => {
  const files = await readdir(folder);
  expect(files.length).toBeGreaterThan(8);
  const fileIds = run.parts.flatMap(({ exchanges }) =>
    exchanges.flatMap(({ body }) =>
      [...body.toString("utf8").matchAll(/"FileId":"(\d{15,})"/g)].map(([, id]) => id ?? ""),
    ),
  );
  expect(fileIds.length).toBeGreaterThan(3);
  const secrets = [double.emulator.secretId, ...double.emulator.secrets(), "1303987654", "1511223344", ...fileIds];
  for (const file of files) {
    const text = await read(file);
    expect(leaksIn(text), file).toEqual([]);
    for (const secret of secrets) {
      for (const form of formsOf(secret)) expect(text.includes(form), file).toBe(false);
    }
    for (const { host } of subject.exchanges) {
      if (host.includes(".cos.")) expect(text).not.toContain(host);
    }
  }
});
