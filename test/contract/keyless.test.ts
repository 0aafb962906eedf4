/** The real hosts with made-up keys: costs nothing, changes nothing, and needs a network. Opt-in. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { askWithoutKeys, genuine, strangers } from "./keyless-questions.ts";
import { emulatorSubject } from "./emulator-subject.ts";
import { isUnreachable, notRun } from "./opt-in.ts";
import { examine, writeRun } from "./record.ts";
import { openSubject } from "./subject.ts";
import { wireFacts } from "./wire-facts.ts";

const env = process.env;
const host = env["VODUP_CONTRACT_HOST"] ?? "vod.intl.tencentcloudapi.com";
const folder = env["VODUP_CONTRACT_OUT"] ?? join(import.meta.dirname, "../../coverage/contract-keyless");

describe("without keys", () => {
  test("the questions work, asked of the emulator", async () => {
    const { subject, emulator } = await emulatorSubject();
    try {
      const facts = await askWithoutKeys(subject);
      expect(facts.get("auth.no-authorization")).toBe("AuthFailure.InvalidAuthorization");
      expect(facts.get("cos.no-such-bucket")).toMatch(/^40[34] \w+/);
      const flawed = [...facts].filter(([name]) => name.startsWith("unknown-id-and."));
      expect(flawed).toHaveLength(6);
      for (const [name, code] of flawed)
        expect(code, name).toMatch(/^(AuthFailure|MissingParameter|InvalidParameterValue)/);
      expect(genuine(subject.exchanges)).toBe(true);
    } finally {
      await subject.close();
      await emulator.close();
    }
  });

  test("the real hosts refuse in their own words", { timeout: 120_000 }, async (context) => {
    if (env["VODUP_CONTRACT_KEYLESS"] !== "1") {
      notRun(context, 'the real hosts without keys: say "npm run test:contract:keyless"');
      return;
    }
    const reason = await isUnreachable(host);
    if (reason !== undefined) throw new Error(`not run: ${host} cannot be reached (${reason})`);
    const known = await emulatorSubject();
    const expected = await examine(known.subject);
    await known.subject.close();
    await known.emulator.close();
    const subject = await openSubject({
      name: `${host}, without keys`,
      upstream: { tls: true },
      host,
      keys: strangers,
      confirmWindowMs: 0,
      pulls: 0,
    });
    try {
      const facts = await askWithoutKeys(subject);
      expect(genuine(subject.exchanges)).toBe(true);
      for (const [name, value] of wireFacts(subject.exchanges)) facts.set(name, value);
      const run = { facts, parts: [{ scenario: "keyless", exchanges: subject.exchanges, facts: new Map(facts) }] };
      const date = new Date().toISOString().slice(0, 10);
      const provenance = { kind: "recorded", text: "Contract suite without keys, redacted", host, date } as const;
      await writeRun(folder, subject, run, expected.facts, provenance, true);
      console.log(`keyless.json and the report are in ${folder}`);
    } finally {
      await subject.close();
    }
  });
});
