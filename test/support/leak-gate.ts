/** Finds in a text what may belong to somebody: keys, account numbers, signatures, addresses. */

/** Ids that are invented, or printed in public documentation and issues as examples. */
const knownIds = [
  /^AKIDEXAMPLE\w*$/,
  /^AKIDz8krbsJ5yKBZQpn74WFkmLPx3(EXAMPLE)?$/,
  /^AKIDQjz3ltompVjBni5LitkWHFlFpwkn9U5q$/,
  /^AKIDZfbOA78asKUYBcXFrJD0a1ICvR98JM$/,
  /^AKIDx+$/,
  /^AKID(tmp|test123)?$/,
];

/** Account numbers that are invented, or stand in documentation, vendor tests and posted server answers. */
const knownAccounts = new Set(
  `1250000000 1255566655 1258123310 1256712345 1253488539 1251021022 1251123904 1256768367 1253039488 1234567890 1500000001 1500000002 1500000003 1251123904 1451123904 1490012345`.split(
    " ",
  ),
);

/** In place of the account numbers in what others posted (fixtures/published). */
const madeUpAccount = /^12500001\d\d$/;

const found = (text: string, pattern: RegExp, judge: (match: RegExpMatchArray) => boolean): string[] =>
  [...text.matchAll(pattern)].filter(judge).map(([match]) => match);

/** Every way in which a secret may stand in a file. */
export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, "utf8");
  const hex = bytes.toString("hex");
  // Inside a longer text, base64 of the same bytes takes one of three forms; the edges depend on the neighbours.
  const shifted = [0, 1, 2].map((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    return whole.slice(shift === 0 ? 0 : shift + 1, -1);
  });
  const url = [encodeURIComponent(secret), encodeURIComponent(encodeURIComponent(secret))];
  const safe = shifted.map((each) => each.replaceAll("+", "-").replaceAll("/", "_"));
  const escaped = JSON.stringify(secret).slice(1, -1);
  return [...new Set([secret, escaped, hex, hex.toUpperCase(), ...url, ...shifted, ...safe])];
}

/**
 * What must not be there, each as a short description that repeats no secret.
 * @param secrets values that must not occur in any form; short ones are ignored, since anything might hold them
 */
export function leaksIn(text: string, secrets: readonly string[] = []): string[] {
  const decoded = text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const both = `${text}\n${decoded}`;
  const leaks = [
    ...found(both, /AKID\w*/g, ([id]) => !knownIds.some((known) => known.test(id))).map(() => "a SecretId"),
    ...found(both, /(?<!\d)(?<!index id )1[23]\d{8}(?!\d)/g, isAccount).map((number) => `account ${number}`),
    ...found(both, /sub_?app_?id\W{1,6}(\d{10})(?!\d)/gi, ([, id]) => !knownAccounts.has(id ?? "")).map(
      () => "a SubAppId",
    ),
    ...found(both, /uin\/\d+/g, ([uin]) => !/^uin\/1000000000\d\d$/.test(uin)).map(() => "a uin"),
    ...found(both, /[\w.+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}\b/gi, isAddress).map(() => "an e-mail address"),
    ...found(both, privateAddress, () => true).map((address) => `private address ${address}`),
  ];
  for (const secret of secrets.filter(({ length }) => length >= 8)) {
    if (formsOf(secret).some((form) => both.includes(form))) leaks.push("a secret");
  }
  return [...new Set(leaks)];
}

const privateAddress =
  /(?<![\d.])(?:10\.\d{1,3}|192\.168|172\.(?:1[6-9]|2\d|3[01])|169\.254)\.\d{1,3}\.\d{1,3}(?![\d.])/g;

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Digits within a hash or a UUID are no account; those behind letters, as in `vodgzp1250000000`, are. */
function isAccount(match: RegExpMatchArray): boolean {
  const { index = 0, input = "" } = match;
  const before = /[0-9A-Za-z]*$/.exec(input.slice(Math.max(0, index - 128), index))?.[0] ?? "";
  const after = /^[0-9A-Za-z]*/.exec(input.slice(index + 10, index + 138))?.[0] ?? "";
  if (/^[0-9a-f]{24,}$/.test(`${before}${match[0]}${after}`)) return false;
  const start = /[0-9a-f-]*$/.exec(input.slice(Math.max(0, index - 36), index))?.[0] ?? "";
  const end = /^[0-9a-f-]*/.exec(input.slice(index + 10, index + 46))?.[0] ?? "";
  if (uuid.test(`${start}${match[0]}${end}`)) return false;
  return !knownAccounts.has(match[0]) && !madeUpAccount.test(match[0]);
}

/** `cos-nodejs-sdk-v5@3.0.0` and `repository@commit` are no addresses; those end in no letters. */
function isAddress([address]: RegExpMatchArray): boolean {
  return !/@example\.(com|org|net)$/i.test(address);
}

/** Values of this process's environment that look like credentials. */
export function environmentSecrets(env: NodeJS.ProcessEnv = process.env): string[] {
  const named = /SECRET|TOKEN|PASSWORD|CREDENTIAL|API_?KEY|ACCESS_?KEY/i;
  return Object.entries(env).flatMap(([name, value]) =>
    named.test(name) && value !== undefined && value.length >= 8 ? [value] : [],
  );
}
