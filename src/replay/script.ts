/**
 * Which interaction a request belongs to, and which of its replies is next. Holds the state of one replay.
 */
import type { Cassette, Interaction, Reply } from "./cassette.ts";
import type { ReceivedRequest } from "./received.ts";
import type { Target } from "./target.ts";
import { parseTarget, splitUrl } from "./target.ts";

interface Cue {
  readonly interaction: Interaction;
  readonly host: string;
  readonly target: Target;
  /** Every call of the JSON API has the same URL: there the action is part of the address. */
  readonly action: string | undefined;
  used: number;
  answered: number;
}

/** A request that found its interaction. */
export interface Match {
  readonly interaction: Interaction;
  readonly reply: Reply;
  readonly replyNumber: number;
  /** What should have been answered before, when something should have. */
  readonly tooEarlyFor: readonly string[];
  /** To be called when the reply is about to be complete on the wire. */
  readonly answered: () => void;
}

export interface Leftover {
  readonly interaction: string;
  readonly repliesUsed: number;
  readonly repliesExpected: number;
}

const loopback = /^(?:localhost|[a-z0-9.-]+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/;

export class Script {
  readonly #cues: readonly Cue[];

  constructor(cassette: Cassette) {
    this.#cues = cassette.interactions.map((interaction) => {
      const { host, target } = splitUrl(interaction.request.url);
      return {
        interaction,
        host,
        target: parseTarget(target),
        action: interaction.request.headers["x-tc-action"],
        used: 0,
        answered: 0,
      };
    });
  }

  /** The interaction a request means, or the reason why none does. */
  match(request: ReceivedRequest): Match | string {
    const target = parseTarget(request.target);
    const candidates = this.#cues.filter((cue) => this.#differsIn(cue, request, target) === undefined);
    const open = candidates.filter((cue) => cue.used < cue.interaction.replies.length);
    const chosen = open.find((cue) => this.#waitsFor(cue).length === 0) ?? open[0];
    const reply = chosen?.interaction.replies[chosen.used];
    if (chosen === undefined || reply === undefined) return this.#explain(candidates, request, target);
    const tooEarlyFor = this.#waitsFor(chosen);
    chosen.used += 1;
    return {
      interaction: chosen.interaction,
      reply,
      replyNumber: chosen.used,
      tooEarlyFor,
      answered: () => {
        chosen.answered += 1;
      },
    };
  }

  leftover(): Leftover[] {
    return this.#cues
      .filter((cue) => cue.used < cue.interaction.replies.length)
      .map(({ interaction, used }) => ({
        interaction: interaction.id,
        repliesUsed: used,
        repliesExpected: interaction.replies.length,
      }));
  }

  /** The first part of the address that is not the cue's; `undefined` when it is the cue that is meant. */
  #differsIn(cue: Cue, request: ReceivedRequest, target: Target): string | undefined {
    if (cue.interaction.request.method !== request.method) return "method";
    // A client may be pointed at the player itself; then its Host is the player's, and says nothing.
    if (cue.host !== request.host && !loopback.test(request.host)) return "host";
    if (cue.target.decodedPath !== target.decodedPath) return "path";
    if (JSON.stringify(cue.target.parameters) !== JSON.stringify(target.parameters)) return "query";
    if (cue.action !== undefined && cue.action !== request.headers.get("x-tc-action")?.[0]) return "x-tc-action";
    return undefined;
  }

  /** Ids of the interactions that must be answered before this one and are not. */
  #waitsFor(cue: Cue): string[] {
    if (cue.used > 0) return [];
    const { after, group } = cue.interaction;
    const earlier = this.#cues.slice(0, this.#cues.indexOf(cue));
    const awaited =
      after === undefined
        ? earlier.filter((other) => group === undefined || other.interaction.group !== group)
        : earlier.filter(
            ({ interaction }) => after.includes(interaction.id) || after.includes(interaction.group ?? ""),
          );
    return awaited
      .filter((other) => other.answered < other.interaction.replies.length)
      .map((other) => other.interaction.id);
  }

  #explain(candidates: readonly Cue[], request: ReceivedRequest, target: Target): string {
    const spent = candidates[0];
    if (spent !== undefined) {
      const replies = spent.interaction.replies.length;
      return `"${spent.interaction.id}" has had ${replies === 1 ? "its reply" : `all ${replies} replies`} already`;
    }
    const order = ["x-tc-action", "query", "path", "host", "method"];
    const nearest = this.#cues
      .map((cue) => ({ id: cue.interaction.id, part: this.#differsIn(cue, request, target) ?? "" }))
      .sort((a, b) => order.indexOf(a.part) - order.indexOf(b.part))[0];
    return nearest === undefined
      ? "the cassette is empty"
      : `"${nearest.id}" comes nearest and differs in ${nearest.part}`;
  }
}
