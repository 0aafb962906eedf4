/** Mode (c): the real service, with real keys, at some cost (docs/contract.md). Only where it is asked for by name. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { emulatorSubject } from "./emulator-subject.ts";
import { isUnreachable, notRun } from "./opt-in.ts";
import { examine, writeRun } from "./record.ts";
import { openSubject } from "./subject.ts";

const env = process.env;
const secretId = env["VODUP_CONTRACT_SECRET_ID"];
const secretKey = env["VODUP_CONTRACT_SECRET_KEY"];
const subAppId = Number(env["VODUP_CONTRACT_SUB_APP_ID"]);
const host = env["VODUP_CONTRACT_HOST"] ?? "vod.intl.tencentcloudapi.com";
const folder = env["VODUP_CONTRACT_OUT"] ?? join(import.meta.dirname, "../../coverage/contract");

describe("the contract suite against the real service", () => {
  test("answers the open questions", { timeout: 900_000 }, async (context) => {
    if (secretId === undefined || secretKey === undefined || !Number.isSafeInteger(subAppId)) {
      const names = "VODUP_CONTRACT_SECRET_ID, VODUP_CONTRACT_SECRET_KEY and VODUP_CONTRACT_SUB_APP_ID";
      notRun(context, `the real service: ${names} are not set`);
      return;
    }
    const reason = await isUnreachable(host);
    // Asked for and impossible is a failure: a skipped test would look like a passed one.
    if (reason !== undefined) throw new Error(`not run: ${host} cannot be reached (${reason})`);
    const known = await emulatorSubject();
    const expected = await examine(known.subject);
    await known.subject.close();
    await known.emulator.close();
    const subject = await openSubject({
      name: host,
      upstream: { tls: true },
      host,
      keys: { secretId, secretKey },
      subAppId,
      confirmWindowMs: 30_000,
      pulls: 30,
    });
    try {
      const run = await examine(subject);
      const date = new Date().toISOString().slice(0, 10);
      const provenance = { kind: "recorded", text: "Contract suite, redacted", host, date } as const;
      await writeRun(folder, subject, run, expected.facts, provenance, env["RECORD"] === "1");
      console.log(`report.md and report.json are in ${folder}`);
      expect([...run.facts].filter(([fact]) => fact.startsWith("broken."))).toEqual([]);
    } finally {
      if (subject.toDelete.size > 0) console.error(`not deleted: ${[...subject.toDelete].join(", ")}`);
      await subject.close();
    }
  });
});
