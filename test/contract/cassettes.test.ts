import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Upstream } from "./recorder.ts";
import type { Facts } from "./scenarios.ts";
import { parseCassette } from "../../src/replay/load.ts";
import { startReplay } from "../../src/replay/player.ts";
import { accountKeys } from "../cassettes/author.ts";
import { unreproducible } from "../support/cassette-signatures.ts";
import { leaksIn } from "../support/leak-gate.ts";
import { playUpload } from "./play-upload.ts";
import { confirmWindowMs, fixedClock, scenarioCassettes, subAppId } from "./scenario-cassettes.ts";
import { scenarios } from "./scenarios.ts";
import { openSubject, type Subject } from "./subject.ts";

const folder = fileURLToPath(new URL("../../fixtures/cassettes/upload/", import.meta.url));
const names = readdirSync(folder).map((file) => file.replace(/\.json$/, ""));

const ofScenarios = fileURLToPath(new URL("../../fixtures/cassettes/contract/", import.meta.url));
const exact = { unmatched: [], leftover: [], mismatches: [] };

describe("the contract suite's scenarios against their cassettes", () => {
  let made: ReadonlyMap<string, string>;
  let subject: Subject;
  /** Where the recorder sends what it gets: the player of the scenario that runs. */
  let upstream: Upstream = { tls: false };

  beforeAll(async () => {
    made = await scenarioCassettes();
    // scripts/make-cassettes.mjs sets this; a plain test run only compares.
    if (process.env["UPDATE_CASSETTES"] === "1") {
      rmSync(ofScenarios, { recursive: true, force: true });
      mkdirSync(ofScenarios, { recursive: true });
      for (const [name, text] of made) writeFileSync(`${ofScenarios}${name}.json`, text);
    }
    subject = await openSubject({
      name: "cassettes",
      upstream: {
        tls: false,
        get address() {
          return upstream.address;
        },
        get port() {
          return upstream.port;
        },
      },
      keys: accountKeys,
      subAppId,
      confirmWindowMs,
      pulls: 4,
      clock: fixedClock,
      pause: async () => undefined,
    });
  }, 60_000);

  afterAll(async () => {
    await subject.close();
  });

  test("there is one for each, and each is what the emulator answers", () => {
    expect(readdirSync(ofScenarios).sort()).toEqual(scenarios.map(({ name }) => `${name}.json`).sort());
    for (const [name, text] of made) expect(readFileSync(`${ofScenarios}${name}.json`, "utf8"), name).toBe(text);
  });

  // In their order: the last deletes what the others made.
  test.each(scenarios)("$name finds the same facts, nothing unmatched and nothing left over", async (scenario) => {
    const text = readFileSync(`${ofScenarios}${scenario.name}.json`, "utf8");
    const cassette = parseCassette(JSON.parse(text));
    expect(cassette).toMatchObject({ scenario: `contract-${scenario.name}`, source: { kind: "emulator" } });
    expect([unreproducible(cassette), leaksIn(text)]).toEqual([[], []]);
    const replay = await startReplay(cassette);
    try {
      const { hostname, port } = new URL(replay.origin);
      upstream = { tls: false, address: hostname, port: Number(port) };
      const facts: Facts = new Map();
      await scenario.run(subject, facts);
      expect(replay.report()).toEqual(exact);
      expect(Object.fromEntries(facts)).toEqual(cassette.expect.result);
    } finally {
      await replay.close();
    }
  });
});

describe("our client against the cassettes of uploads", () => {
  test("there are some", () => {
    expect(names.length).toBeGreaterThanOrEqual(5);
  });

  test.each(names)("%s is uploaded exactly as recorded, nothing unmatched and nothing left over", async (name) => {
    const { outcome, expected, report } = await playUpload(name);
    expect(report).toEqual(exact);
    expect(outcome).toMatchObject(expected);
  });

  test("lockdown: what is sent otherwise, or not at all, is reported", async () => {
    const otherParts = await playUpload("three-parts", { partSize: 2 ** 20 + 1 });
    expect(otherParts.report.mismatches).not.toEqual([]);
    const otherName = await playUpload("simple-put", { mediaName: "other" });
    expect(otherName.report.mismatches.map(({ field }) => field)).toContain("body/MediaName");
    const otherAction = await playUpload("simple-put", { mediaType: "" });
    expect(otherAction.report.leftover).toHaveLength(3);
    const noPart = await playUpload("simple-put", {
      partSize: 2 ** 20,
      body: { gen: "repeat", text: "x", length: 2 ** 21 },
    });
    expect(noPart.report.unmatched).not.toEqual([]);
  });
});
