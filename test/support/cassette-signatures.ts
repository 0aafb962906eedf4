import type { Cassette } from "../../src/replay/cassette.ts";
import { judgeAuthorization } from "../../src/replay/authorization.ts";
import { splitUrl } from "../../src/replay/target.ts";
import { generateBody } from "../../src/replay/body.ts";

/** Ids of the interactions whose Authorization does not follow from the cassette's own made-up keys. */
export function unreproducible(cassette: Cassette): string[] {
  return cassette.interactions
    .filter(({ request }) => {
      const { authorization, body } = request;
      if (authorization === undefined) return false;
      const { host, target } = splitUrl(request.url);
      const bytes =
        body?.kind === "json"
          ? Buffer.from(JSON.stringify(body.value))
          : body?.kind === "generated"
            ? generateBody(body.generated)
            : new Uint8Array(0);
      const headers = new Map(
        Object.entries({ ...request.headers, host, authorization }).map(([name, value]) => [name, [value]]),
      );
      const received = { method: request.method, host, target, headers, body: bytes };
      return judgeAuthorization(cassette, authorization, received, "exact") !== undefined;
    })
    .map(({ id }) => id);
}
