import { percentEncode } from "../../signing/index.ts";
import type { LoggedRequest } from "../../emulator/index.ts";
import { finding, type Finding } from "../finding.ts";
import type { Check } from "../scenario.ts";

const signatures: readonly RegExp[] = [/q-signature=[0-9a-f]{40}/i, /Signature=[0-9a-f]{64}/i];

/** No key, token or signature where people and logs read. */
export const secretsKept: Check = (evidence) => {
  const found = evidence.runs.flatMap((run) =>
    (["stdout", "stderr"] as const).flatMap((name): Finding[] => {
      const text = run[name];
      if (evidence.secrets.some((secret) => shows(text, secret))) {
        return [finding("18.5", `a SecretKey or token was printed on ${name}`)];
      }
      return signatures.some((pattern) => pattern.test(text))
        ? [finding("18.5", `a signature was printed on ${name}`)]
        : [];
    }),
  );
  // The first is the account's; a certificate that lives for hours may well be kept for resuming.
  const [secretKey = ""] = evidence.secrets;
  const kept = [...evidence.stateFiles].filter(([, text]) => shows(text, secretKey));
  found.push(...kept.map(([name]) => finding("18.5", `the SecretKey was written to the file ${name}`)));
  if (evidence.arguments.some((line) => evidence.secrets.some((secret) => shows(line, secret)))) {
    found.push(finding("18.5", "a SecretKey or token was an argument of a process, which every user can list"));
  }
  return [...found, ...evidence.requests.flatMap((request) => strayed(request, evidence.secrets))];
};

/** In the forms in which a text gets into a log: as it is, escaped for a URL or JSON, and in base64. */
function shows(text: string, secret: string): boolean {
  const base64 = Buffer.from(secret)
    .toString("base64")
    .replace(/={1,2}$/, "");
  const hex = Buffer.from(secret).toString("hex");
  return [secret, percentEncode(secret), JSON.stringify(secret).slice(1, -1), base64, hex].some((form) =>
    text.includes(form),
  );
}

/** The log has the headers and fields that may carry a token redacted: what is left of one is in the wrong place. */
function strayed(request: LoggedRequest, secrets: readonly string[]): Finding[] {
  const { headers, query, path, json, xml } = request;
  const text = JSON.stringify([headers, query, path, json, xml]);
  return secrets.some((secret) => shows(text, secret))
    ? [finding("18.5", `${request.operation} carries a SecretKey or token outside of its own field`, request)]
    : [];
}
