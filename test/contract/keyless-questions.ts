/** What the real hosts tell without any key: genuine refusals, with their headers. */
import type { Exchange } from "./recorder.ts";
import type { Facts } from "./scenarios.ts";
import { CosClient } from "../../src/cos/client.ts";
import { connectTo } from "../support/replay-connection.ts";
import { worded } from "./scenarios.ts";
import { wrongToken, type RawCall, type Subject } from "./subject.ts";

/** Made up; no account has them. */
export const strangers: { readonly secretId: string; readonly secretKey: string } = {
  secretId: "AKIDEXAMPLESTRANGER00000000000000000",
  secretKey: "EXAMPLESTRANGER00000000000000000",
};

/** A bucket of the documentation's account that nobody made. */
const nobodys = { bucket: "vodup-no-such-bucket-1250000000", region: "ap-singapore" };

/** What others saw refused, with a key that the service knows (seen-by-others.ts). */
const flaws: Readonly<Record<string, Partial<RawCall>>> = {
  "no-region": { region: "" },
  "unknown-region": { region: "vodup-nowhere" },
  "no-timestamp": { headers: { "x-tc-timestamp": undefined } },
  "wrong-service": { authorization: (value) => value.replace("/vod/tc3_request", "/cvm/tc3_request") },
  "wrong-scope-date": { authorization: (value) => value.replace(/\/\d{4}-\d\d-\d\d\//, "/2020-01-01/") },
  "wrong-token": { keys: { ...strangers, token: wrongToken } },
};

export async function askWithoutKeys(subject: Subject): Promise<Facts> {
  const facts: Facts = new Map();
  const call = { action: "ApplyUpload", params: { MediaType: "mp4" } };
  facts.set("auth.unknown-id", (await subject.raw(call)).code ?? "succeeds");
  facts.set(
    "auth.no-authorization",
    (await subject.raw({ ...call, headers: { authorization: undefined } })).code ?? "succeeds",
  );
  facts.set("auth.clock-6-minutes-ahead", (await subject.raw({ ...call, skew: 360 })).code ?? "succeeds");
  // Which of two flaws is named, the unknown key or this one, shows in which order the gateway looks.
  for (const [name, flaw] of Object.entries(flaws)) {
    facts.set(`unknown-id-and.${name}`, (await subject.raw({ ...call, ...flaw })).code ?? "succeeds");
  }
  const dispatcher = connectTo(subject.recorderOrigin);
  const client = new CosClient({ ...nobodys, credentials: strangers, dispatcher, retry: { attempts: 1 } });
  try {
    facts.set("cos.no-such-bucket", await client.listParts("none.mp4", "none").then(() => "succeeds", worded));
  } finally {
    await client.close();
    await dispatcher.destroy();
  }
  return facts;
}

/** What every genuine answer must be: an envelope with a RequestId and a Date; a document of COS with its request id. */
export function genuine(exchanges: readonly Exchange[]): boolean {
  return exchanges.every(({ host, headers, body }) => {
    const names = headers.map(([name]) => name.toLowerCase());
    const text = body.toString("utf8");
    return host.includes(".cos.") ? names.includes("x-cos-request-id") : text.includes('"RequestId"');
  });
}
