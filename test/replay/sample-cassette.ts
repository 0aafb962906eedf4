/** Cassettes in their file form, made for one test each. */
import type { Cassette } from "../../src/replay/cassette.ts";
import { parseCassette } from "../../src/replay/load.ts";

export type Json = Record<string, unknown>;

export const secretId = "AKIDEXAMPLE0000000000000000000000000";
export const secretKey = "EXAMPLESECRETKEY0000000000000000";

/** The file form of a cassette around the given interactions. */
export function cassetteFile(interactions: readonly Json[], more: Json = {}): Json {
  return {
    format: 1,
    scenario: "sample",
    description: "made for one test",
    source: { kind: "constructed", text: "made for one test" },
    clock: { start: 1735689600, stepMs: 0 },
    credentials: { secretId, secretKey },
    call: { api: "cos", op: "PutObject", input: {} },
    interactions,
    expect: { result: {} },
    ...more,
  };
}

export function cassetteOf(interactions: readonly Json[], more: Json = {}): Cassette {
  return parseCassette(cassetteFile(interactions, more));
}

/** One interaction named `only`: `PUT /clip.mp4` answered with 200, changed by what is given. */
export function single(request: Json = {}, response: Json = {}): Json {
  return {
    id: "only",
    request: { method: "PUT", url: "http://bucket-1250000000.cos.ap-chongqing.myqcloud.com/clip.mp4", ...request },
    response: { status: 200, ...response },
  };
}

/** {@link single} with a sequence of replies. */
export function replying(replies: readonly Json[], request: Json = {}): Json {
  const { response: _, ...interaction } = single(request);
  return { ...interaction, replies };
}

export const realHost = { host: "bucket-1250000000.cos.ap-chongqing.myqcloud.com" };
