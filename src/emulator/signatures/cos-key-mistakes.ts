import type { KnownMistake } from "./mismatch.ts";
import { hmac, type CosRecipe } from "./cos-recipe.ts";

type Mistake = KnownMistake<CosRecipe>;

/**
 * What is known to go wrong with the key (wire §5.3, §5.13, §5.14).
 *
 * @param accountKey the account's, when the certificate's is the one to sign with
 */
export function knownKeyMistakes(accountKey: string | undefined): Mistake[] {
  const own =
    accountKey === undefined
      ? []
      : [
          mistake("6.1", "key: signed with the account's SecretKey instead of the certificate's", (right) => ({
            ...right,
            secretKey: accountKey,
          })),
        ];
  return [
    ...own,
    mistake("5.3", "key: SignKey used as its 20 bytes instead of its 40 hexadecimal characters", (right) => ({
      ...right,
      signKey: (secretKey, keyTime) => hmac("sha1", secretKey, keyTime),
    })),
    mistake("5.3", "key: SignKey in upper-case hexadecimal", (right) => ({
      ...right,
      signKey: (secretKey, keyTime) => hmac("sha1", secretKey, keyTime).toString("hex").toUpperCase(),
    })),
    mistake("5.3", "key: SignKey in base64", (right) => ({
      ...right,
      signKey: (secretKey, keyTime) => hmac("sha1", secretKey, keyTime).toString("base64"),
    })),
    mistake("5.3", "key: SecretKey itself used in place of SignKey", (right) => ({
      ...right,
      signKey: (secretKey) => secretKey,
    })),
    mistake("5.3", "key: SignKey made with key and text exchanged", (right) => ({
      ...right,
      signKey: (secretKey, keyTime) => hmac("sha1", keyTime, secretKey).toString("hex"),
    })),
    mistake("5.13", "key: SignKey made with SHA-256", (right) => ({
      ...right,
      signKey: (secretKey, keyTime) => hmac("sha256", secretKey, keyTime).toString("hex"),
    })),
    ...otherSecrets,
    ...otherTimes,
  ];
}

const mistake = (rule: string, text: string, make: Mistake["make"]): Mistake => ({ rule, text, make });

const otherSecrets: readonly Mistake[] = (
  [
    ["5.3", "TC3, of the API's signature, before the SecretKey", (key: string) => `TC3${key}`],
    ["5.3", "a line feed behind the SecretKey", (key: string) => `${key}\n`],
    ["5.3", "a carriage return behind the SecretKey", (key: string) => `${key}\r`],
    ["5.3", "a carriage return and a line feed behind the SecretKey", (key: string) => `${key}\r\n`],
    ["5.3", "a blank behind the SecretKey", (key: string) => `${key} `],
    ["5.3", "a blank before the SecretKey", (key: string) => ` ${key}`],
    ["5.3", "the SecretKey in quotes", (key: string) => `"${key}"`],
    ["5.3", "the SecretKey in base64", (key: string) => Buffer.from(key).toString("base64")],
  ] as const
).map(([rule, text, other]) => ({
  ...mistake(rule, `key: ${text}`, (right) => ({
    ...right,
    signKey: (secretKey, keyTime) => right.signKey(other(secretKey), keyTime),
  })),
  rare: true,
}));

/** KeyTime was written otherwise in the key, in StringToSign or in both than in q-key-time. */
const otherTimes: readonly Mistake[] = (
  [
    ["its start only", (start: string) => start],
    ["its end only", (_: string, end: string) => end],
    ["a comma in it", (start: string, end: string) => `${start},${end}`],
    ["a dash in it", (start: string, end: string) => `${start}-${end}`],
    ["a colon in it", (start: string, end: string) => `${start}:${end}`],
    ["an ampersand in it", (start: string, end: string) => `${start}&${end}`],
    ["a blank in it", (start: string, end: string) => `${start} ${end}`],
    ["its semicolon percent-encoded", (start: string, end: string) => `${start}%3B${end}`],
    ["a blank behind its semicolon", (start: string, end: string) => `${start}; ${end}`],
    ["its two times exchanged", (start: string, end: string) => `${end};${start}`],
    ["milliseconds in it", (start: string, end: string) => `${start}000;${end}000`],
  ] as const
).flatMap(([text, write]) => {
  const other = (keyTime: string): string => {
    const [start = "", end = ""] = keyTime.split(";");
    return write(start, end);
  };
  const inKey = (right: CosRecipe): CosRecipe => ({
    ...right,
    signKey: (secretKey, keyTime) => right.signKey(secretKey, other(keyTime)),
  });
  const inText = (right: CosRecipe): CosRecipe => ({
    ...right,
    stringToSign: ([algorithm = "", keyTime = "", hash = ""]) => right.stringToSign([algorithm, other(keyTime), hash]),
  });
  return [
    mistake("5.14", `StringToSign: KeyTime with ${text}`, inText),
    mistake("5.14", `key: SignKey made of KeyTime with ${text}`, inKey),
    mistake("5.14", `key and StringToSign: KeyTime with ${text}`, (right) => inKey(inText(right))),
  ].map((made) => ({ ...made, rare: true }));
});
