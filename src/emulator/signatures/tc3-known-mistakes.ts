import type { KnownMistake } from "./mismatch.ts";
import { knownKeyMistakes } from "./tc3-key-mistakes.ts";
import { wrongPayloads } from "./tc3-payload-forms.ts";
import type { Field, Tc3Recipe, Tc3SigningContext } from "./tc3-recipe.ts";
import { knownTextMistakes } from "./tc3-text-mistakes.ts";

type Mistake = KnownMistake<Tc3Recipe>;

/** Everything that is known to go wrong in a TC3 signature, the likeliest first (wire §2). */
export function knownTc3Mistakes(context: Tc3SigningContext): readonly Mistake[] {
  return [
    ...headerMistakes(context),
    ...requestMistakes(context),
    ...wrongPayloads(context.body).map(([text, payload]) =>
      mistake(text.includes("UNSIGNED-PAYLOAD") ? "2.16" : "2.5", `payload: ${text}`, (right) => ({
        ...right,
        payload,
      })),
    ),
    ...scopeMistakes(context),
    ...knownKeyMistakes(context),
    ...knownTextMistakes(context),
    ...[...clockMistakes(context), ...fieldMistakes(context)].map((made) => ({ ...made, rare: true })),
  ];
}

const mistake = (rule: string, text: string, make: Mistake["make"]): Mistake => ({ rule, text, make });

function withHeader(recipe: Tc3Recipe, name: string, change: (value: string) => string): Tc3Recipe {
  return {
    ...recipe,
    headers: recipe.headers.map(([one, value]): Field => [one, one === name ? change(value) : value]),
  };
}

/** The instruction to the service itself: what a client that knows only the real endpoints signs. */
const realHosts = ["vod.tencentcloudapi.com", "vod.intl.tencentcloudapi.com"];

function headerMistakes({ asSent, namesAsSent }: Tc3SigningContext): Mistake[] {
  const inSentCase = (right: Tc3Recipe): Tc3Recipe => ({
    ...right,
    headers: right.headers.map(([name, value], index): Field => [namesAsSent[index] ?? name, value]),
  });
  return [
    mistake("2.9", "headers: names not in lower case in CanonicalHeaders", inSentCase),
    mistake("2.9", "headers: names not in lower case in CanonicalRequest", (right) => ({
      ...inSentCase(right),
      names: namesAsSent.join(";"),
    })),
    mistake("1.4", "host: signed without the brackets that were sent", (right) =>
      withHeader(right, "host", (value) => value.replace(/[[\]]/g, "")),
    ),
    mistake("1.4", "host: signed without the port that was sent", (right) =>
      withHeader(right, "host", (value) => value.replace(/:\d+$/, "")),
    ),
    ...realHosts.map((host) =>
      mistake("1.4", `host: signed ${host} instead of the Host that was sent`, (right) =>
        withHeader(right, "host", () => host),
      ),
    ),
    mistake("2.5", "content-type: signed without the parameters that were sent", (right) =>
      withHeader(right, "content-type", (value) => value.replace(/;.*$/, "")),
    ),
    mistake("2.5", "content-type: signed with a charset that was not sent", (right) =>
      withHeader(right, "content-type", (value) => `${value}; charset=utf-8`),
    ),
    mistake("2.5", "content-type: signed application/json, but something else was sent", (right) =>
      withHeader(right, "content-type", () => "application/json"),
    ),
    mistake("1.3", "content-type: signed with white space around its value", (right) =>
      withHeader(right, "content-type", (value) => ` ${value}`),
    ),
    mistake("2.2", "headers: values signed as sent instead of in lower case", (right) => ({
      ...right,
      headers: asSent,
    })),
  ];
}

function requestMistakes({ rawPath, rawQuery }: Tc3SigningContext): Mistake[] {
  return [
    mistake("2.7", "path: signed the path of the URL instead of /", (right) => ({ ...right, path: rawPath })),
    mistake("2.7", "path: signed empty instead of /", (right) => ({ ...right, path: "" })),
    mistake("2.7", "query: signed empty, but one was sent", (right) => ({ ...right, query: "" })),
    mistake("2.7", "query: signed with its question mark", (right) => ({ ...right, query: `?${rawQuery}` })),
    mistake("2.8", "method: signed in lower case", (right) => ({ ...right, method: right.method.toLowerCase() })),
    mistake("2.8", "method: signed GET, but POST was sent", (right) => ({ ...right, method: "GET" })),
  ];
}

const daySeconds = 24 * 60 * 60;

function scopeMistakes({ timestamp, host }: Tc3SigningContext): Mistake[] {
  const utcDate = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);
  const dates = [utcDate(timestamp - daySeconds), utcDate(timestamp + daySeconds)].map((date) => [
    mistake("2.3", `date: ${date} in the keys, a local date instead of that of X-TC-Timestamp in UTC`, (right) => ({
      ...right,
      derived: { ...right.derived, date },
    })),
    mistake("2.3", `date: ${date} in StringToSign, a local date instead of that of X-TC-Timestamp in UTC`, (right) => ({
      ...right,
      scope: { ...right.scope, date },
    })),
  ]);
  const undashed = utcDate(timestamp).replaceAll("-", "");
  const label = host.split(".")[0] ?? "";
  const services = [label, host, host.replace(/:\d+$/, "")].map((service) =>
    mistake("2.4", `service: "${service}" instead of "vod" in the keys`, (right) => ({
      ...right,
      derived: { ...right.derived, service },
    })),
  );
  return [
    ...dates.flat(),
    mistake("2.3", "date: without dashes in the keys", (right) => ({
      ...right,
      derived: { ...right.derived, date: undashed },
    })),
    ...services,
  ];
}

/** As far as two readings of a clock may lie apart, and as a local time lies from UTC; seconds. */
const offsets = [...around(60, 1), ...around(14, 60 * 60)];

function around(count: number, step: number): number[] {
  return Array.from({ length: count }, (_, index) => (index + 1) * step).flatMap((offset) => [-offset, offset]);
}

/** The clock was asked twice, or its answer written otherwise. */
function clockMistakes({ timestamp }: Tc3SigningContext): Mistake[] {
  const signed = (text: string, time: string): Mistake =>
    mistake("2.8", `timestamp: StringToSign has ${text}`, (right) => ({ ...right, timestamp: time }));
  const iso = new Date(timestamp * 1000).toISOString().replace(/\.\d+/, "");
  return [
    ...offsets.map((offset) => signed("another second than X-TC-Timestamp", String(timestamp + offset))),
    signed("milliseconds instead of seconds", `${timestamp}000`),
    signed("an ISO date instead of seconds", iso),
    signed("an ISO date instead of seconds, without signs between", iso.replaceAll(/[-:]/g, "")),
  ];
}

/** SignedHeaders says one thing and CanonicalHeaders has another. */
function fieldMistakes({ asSent, unlisted }: Tc3SigningContext): Mistake[] {
  const without = asSent.map(([name]) =>
    mistake("2.9", `${name}: in SignedHeaders, but not in CanonicalHeaders`, (right) => ({
      ...right,
      headers: right.headers.filter(([one]) => one !== name),
    })),
  );
  const withMore = unlisted.map((field) =>
    mistake("2.9", `${field[0]}: in CanonicalHeaders, but not in SignedHeaders`, (right) => ({
      ...right,
      headers: [...right.headers, field].sort(([a], [b]) => (a < b ? -1 : 1)),
    })),
  );
  const ordered = permutations(asSent.map((_, index) => index)).map((order) =>
    mistake("2.9", "headers: CanonicalHeaders not sorted", (right) => ({
      ...right,
      headers: order.flatMap((index) => right.headers.slice(index, index + 1)),
    })),
  );
  return [...without, ...withMore, ...ordered];
}

/** Every other order of up to four things; more have too many. */
function permutations(indexes: readonly number[]): number[][] {
  if (indexes.length > 4) return [indexes.toReversed()];
  const all = (left: readonly number[]): number[][] =>
    left.length === 0
      ? [[]]
      : left.flatMap((one) => all(left.filter((other) => other !== one)).map((rest) => [one, ...rest]));
  return all(indexes).slice(1);
}
