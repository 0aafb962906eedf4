import type { Profile, Scenario } from "../scenario.ts";
import { ambiguity } from "./ambiguity.ts";
import { answers } from "./answers.ts";
import { commit, encodings, multipart, put, signatures } from "./core.ts";
import { abort, resume } from "./interruption.ts";
import { retry } from "./retry.ts";
import { certificates, hygiene } from "./trust.ts";

/** Every scenario, the simple ones first: a port is built in this order. */
export const scenarios: readonly Scenario[] = [
  ...signatures,
  ...encodings,
  ...put,
  ...multipart,
  ...commit,
  ...retry,
  ...answers,
  ...ambiguity,
  ...abort,
  ...resume,
  ...certificates,
  ...hygiene,
];

/** Those of a profile; `full` has those of `core` too. */
export function scenariosOf(profile: Profile): readonly Scenario[] {
  return scenarios.filter((scenario) => profile === "full" || scenario.profile === "core");
}
