import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Run } from "./record.ts";
import { emulatorSubject } from "./emulator-subject.ts";
import { questions } from "./questions.ts";
import { examine } from "./record.ts";
import { makeReport } from "./report.ts";
import { seenByOthers } from "./seen-by-others.ts";

let known: Awaited<ReturnType<typeof emulatorSubject>>;
let run: Run;

beforeAll(async () => {
  known = await emulatorSubject();
  run = await examine(known.subject);
}, 60_000);

afterAll(async () => {
  await known.subject.close();
  await known.emulator.close();
});

describe("the contract suite against the emulator", () => {
  test("no scenario breaks, and nothing is left behind", () => {
    expect([...run.facts.keys()].filter((fact) => fact.startsWith("broken."))).toEqual([]);
    expect(known.emulator.media()).toEqual([]);
    expect(known.emulator.uploads()).toEqual([]);
  });

  test("every fact a question rests on is found", () => {
    const found = [...run.facts.keys()];
    for (const name of questions.flatMap(({ facts }) => facts)) {
      expect(
        found.filter((fact) => (name.endsWith(".") ? fact.startsWith(name) : fact === name)),
        name,
      ).not.toEqual([]);
    }
  });

  test("a service is not unlike itself", () => {
    expect(makeReport("emulator", run.facts, run.facts, known.subject.exchanges).deviations).toEqual([]);
  });

  test.each(Object.entries(seenByOthers))("%s is as others saw it of the real service", (fact, { value }) => {
    expect(run.facts.get(fact)).toBe(value);
  });

  /** What docs/wire.md marks as documented, and our client relies on. */
  test.each([
    ["simple.verified-by", "crc64"],
    ["multipart.parts", "3"],
    ["multipart.verified-by", "crc64"],
    ["commit.before-object", "ResourceNotFound"],
    ["commit.unknown-session", "InvalidParameterValue.VodSessionKey"],
    ["abort.then-list", "404 NoSuchUpload"],
    ["apply.no-region", "MissingParameter"],
    ["apply.unknown-media-type", "InvalidParameterValue.MediaType"],
    ["auth.wrong-key", "AuthFailure.SignatureFailure"],
    ["auth.unknown-id", "AuthFailure.SecretIdNotFound"],
    ["auth.clock-6-minutes-ahead", "AuthFailure.SignatureExpire"],
    ["auth.clock-6-minutes-behind", "AuthFailure.SignatureExpire"],
    ["auth.clock-4-minutes-behind", "succeeds"],
    ["clock.ahead.corrected", "succeeds"],
    ["clock.behind.corrected", "succeeds"],
    ["events.upload-event", "comes"],
    ["events.after-late-confirm", "comes again"],
    ["events.confirm", "succeeds"],
    ["events.nothing-there", "ResourceNotFound"],
    ["wire.vod.date", "always"],
    ["wire.UploadPart.etag", "quoted"],
  ])("%s is %s", (fact, value) => {
    expect(run.facts.get(fact)).toBe(value);
  });
});
