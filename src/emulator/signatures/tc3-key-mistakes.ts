import type { KnownMistake } from "./mismatch.ts";
import { hmac256, hmacOf, hash, type Key, type Tc3Recipe, type Tc3SigningContext } from "./tc3-recipe.ts";

type Mistake = KnownMistake<Tc3Recipe>;

/** What is known to go wrong between the SecretKey and the key that signs (wire §2.6, §2.10). */
export function knownKeyMistakes({ region, timestamp }: Pick<Tc3SigningContext, "region" | "timestamp">): Mistake[] {
  return [
    ...textKeys,
    derived("2.10", "TC3 missing before the SecretKey", (secretKey, ...links) => chain(secretKey, ...links)),
    ...otherPrefixes,
    derived("2.10", "derived by service before date", (secretKey, date, service, end) =>
      chain(`TC3${secretKey}`, service, date, end),
    ),
    derived("2.10", "derived without the service", (secretKey, date, _, end) => chain(`TC3${secretKey}`, date, end)),
    derived("2.10", "derived without tc3_request", (secretKey, date, service) =>
      chain(`TC3${secretKey}`, date, service),
    ),
    derived("2.10", "derived without the date", (secretKey, _, service, end) => chain(`TC3${secretKey}`, service, end)),
    derived("2.10", "aws4_request instead of tc3_request", (secretKey, date, service) =>
      chain(`TC3${secretKey}`, date, service, "aws4_request"),
    ),
    derived("2.10", "derived with the region between date and service", (secretKey, date, ...links) =>
      chain(`TC3${secretKey}`, date, region, ...links),
    ),
    derived("2.10", "derived from the timestamp instead of the date", (secretKey, _, ...links) =>
      chain(`TC3${secretKey}`, String(timestamp), ...links),
    ),
    derived("2.10", "derived in one step from the whole scope", (secretKey, ...links) =>
      chain(`TC3${secretKey}`, links.join("/")),
    ),
    ...otherFunctions,
    {
      rule: "2.10",
      text: "keys: key and text of every HMAC exchanged, of the signature's too",
      make: (right) => ({
        ...right,
        signingKey: exchanged,
        mac: (key, text) => hmac256(text, key).toString("hex"),
      }),
    },
    derived("2.10", "key and text of each HMAC exchanged", exchanged),
    derived("2.10", "the SecretKey itself used as the last key", (secretKey) => secretKey),
    derived("2.10", "TC3 and the SecretKey used as the last key", (secretKey) => `TC3${secretKey}`),
  ];
}

type Derive = (secretKey: string, date: string, service: string, end: string) => Key;

function derived(rule: string, text: string, derive: Derive, rare = false): Mistake {
  return {
    rule,
    text: `keys: ${text}`,
    make: (right) => ({
      ...right,
      signingKey: (secretKey, date, service) => derive(secretKey, date, service, "tc3_request"),
    }),
    rare,
  };
}

const chain = (first: string, ...links: readonly string[]): Buffer =>
  links.reduce<Buffer>((key, link) => hmac256(key, link), Buffer.from(first));

const exchanged = (secretKey: string, date: string, service: string): Buffer =>
  hmac256("tc3_request", hmac256(service, hmac256(date, `TC3${secretKey}`)));

const keyNames = ["SecretDate", "SecretService", "SecretSigning"];
const forms = [
  ["hexadecimal", "hex"],
  ["base64", "base64"],
] as const;

/** Each of the three keys may have been written as text before it was used; all of them are the likeliest. */
const textKeys: readonly Mistake[] = forms.flatMap(([name, form]) =>
  [7, 4, 1, 2, 3, 5, 6].map((which) => {
    const isText = (index: number): boolean => (which >> index) % 2 === 1;
    const named = which === 7 ? "each" : keyNames.filter((_, index) => isText(index)).join(" and ");
    const text = `${named} used as its ${name} text instead of its bytes`;
    const derive: Derive = (secretKey, ...links) =>
      links.reduce<Key>((key, link, index) => {
        const next = hmac256(key, link);
        return isText(index) ? next.toString(form) : next;
      }, `TC3${secretKey}`);
    return derived("2.6", text, derive, which !== 7 || form !== "hex");
  }),
);

const otherPrefixes: readonly Mistake[] = (
  [
    ["AWS4 instead of TC3 before the SecretKey", (key: string) => `AWS4${key}`],
    ["tc3 in lower case before the SecretKey", (key: string) => `tc3${key}`],
    ["TC3 behind the SecretKey", (key: string) => `${key}TC3`],
    ["a line feed behind the SecretKey", (key: string) => `TC3${key}\n`],
    ["a carriage return behind the SecretKey", (key: string) => `TC3${key}\r`],
    ["a carriage return and a line feed behind the SecretKey", (key: string) => `TC3${key}\r\n`],
    ["a blank behind the SecretKey", (key: string) => `TC3${key} `],
    ["a blank before the SecretKey", (key: string) => `TC3 ${key}`],
    ["the SecretKey in quotes", (key: string) => `TC3"${key}"`],
    ["the SecretKey in base64", (key: string) => `TC3${Buffer.from(key).toString("base64")}`],
  ] as const
).map(([text, first]) =>
  derived("2.10", text, (secretKey, ...links) => chain(first(secretKey), ...links), !text.startsWith("AWS4")),
);

const otherFunctions: readonly Mistake[] = [
  ...(["sha1", "sha512", "md5"] as const).map((algorithm) =>
    derived(
      "2.10",
      `derived with HMAC-${algorithm.toUpperCase()}`,
      (secretKey, ...links) => links.reduce<Key>((key, link) => hmacOf(algorithm, key, link), `TC3${secretKey}`),
      true,
    ),
  ),
  derived(
    "2.10",
    "derived with SHA-256 instead of HMAC-SHA256",
    (secretKey, ...links) =>
      links.reduce<Key>(
        (key, link) => Buffer.from(hash("sha256", Buffer.concat([Buffer.from(key), Buffer.from(link)])), "hex"),
        `TC3${secretKey}`,
      ),
    true,
  ),
];
