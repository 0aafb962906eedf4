import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request as httpRequest } from "node:http";
import type { ExpectedRequest } from "../../src/replay/cassette.ts";
import { splitUrl } from "../../src/replay/target.ts";

/** Sends the very request a cassette holds; `object` stands in where it keeps no more of a body than its digest. */
export async function sendRecorded(origin: string, request: ExpectedRequest, object: Uint8Array): Promise<void> {
  const { host, target } = splitUrl(request.url);
  const { body, authorization } = request;
  const bytes =
    body?.kind === "json"
      ? Buffer.from(JSON.stringify(body.value))
      : body?.kind === "xml"
        ? Buffer.from(body.text)
        : body?.kind === "digest"
          ? object
          : new Uint8Array(0);
  const outgoing = httpRequest(`${origin}${target}`, {
    method: request.method,
    headers: {
      ...request.headers,
      host,
      "content-length": String(bytes.byteLength),
      ...(authorization === undefined ? {} : { authorization }),
    },
  });
  outgoing.end(bytes);
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  answer.resume();
  await once(answer, "end");
}
