/** Cassettes: HTTP conversations as data, and the player that replays them. */
export { bodyChunks, bodySha256, generateBody } from "./body.ts";
export type { GeneratedBody, RepeatBody, Xorshift32Body } from "./body.ts";
export type { AuthorizationMode } from "./authorization.ts";
export type {
  Answer,
  Cassette,
  CassetteCall,
  CassetteKeys,
  CassetteSource,
  ExpectedBody,
  ExpectedError,
  ExpectedRequest,
  Expectation,
  Interaction,
  InterimStatus,
  Reply,
  SourceKind,
} from "./cassette.ts";
export { loadCassette, parseCassette } from "./load.ts";
export { CassetteError } from "./shape.ts";
export { startReplay } from "./player.ts";
export type { Mismatch, Replay, ReplayOptions, ReplayReport, UnmatchedRequest } from "./player.ts";
export type { Leftover } from "./script.ts";
