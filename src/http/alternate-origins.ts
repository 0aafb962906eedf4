import { performance } from "node:perf_hooks";

/** How many requests in a row one origin may leave without an answer of the service before the other is used. */
const patience = 2;

/** Milliseconds after which the first one is tried again: it may be the nearer one. */
const returnMs = 5 * 60_000;

/** Where one request goes. Told what came of it, the next ones go there, or elsewhere. */
export interface Route {
  /** `scheme://host[:port]` */
  readonly origin: string;
  /** The service itself answered, whatever it said. */
  answered(): void;
  /** No answer of the service came, though one may come to the next request. */
  unanswered(): void;
  /**
   * Somebody else answered with another address, as one who has taken over a name does.
   * @returns whether the next request goes to an origin that has not done so
   */
  redirected(): boolean;
}

/** What is known of an origin that has an alternate. */
interface Pair {
  current: string;
  movedAt: number;
  /** Unanswered requests of `current` in a row. */
  failures: number;
  /** Requests begun before this number fail of the same cause as the one that was counted. */
  countedUpTo: number;
  readonly redirecting: Set<string>;
}

/**
 * Services that can be reached under two names: the second one is used while the first one does not lead to them. All
 * requests of a client learn from each other. Many that fail at once count as one: they were in flight together.
 */
export class AlternateOrigins {
  readonly #now: () => number;
  readonly #pairs = new Map<string, Pair>();
  #requests = 0;

  /** @param now milliseconds of any clock that never jumps */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** @param alternate undefined when there is none: then the origin stays, whatever happens */
  route(origin: string, alternate: string | undefined): Route {
    if (alternate === undefined) return fixedRoute(origin);
    const pair = this.#pair(origin);
    const number = (this.#requests += 1);
    const used = pair.current;
    const other = used === origin ? alternate : origin;
    const move = (): void => {
      pair.current = other;
      pair.movedAt = this.#now();
      pair.failures = 0;
      pair.countedUpTo = this.#requests;
    };
    return {
      origin: used,
      answered: () => {
        pair.redirecting.delete(used);
        if (pair.current === used) pair.failures = 0;
      },
      unanswered: () => {
        if (pair.current !== used || number <= pair.countedUpTo) return;
        pair.failures += 1;
        pair.countedUpTo = this.#requests;
        if (pair.failures >= patience) move();
      },
      redirected: () => {
        pair.redirecting.add(used);
        if (pair.redirecting.has(other)) return false;
        if (pair.current === used) move();
        return true;
      },
    };
  }

  #pair(origin: string): Pair {
    let pair = this.#pairs.get(origin);
    if (pair === undefined) {
      pair = { current: origin, movedAt: 0, failures: 0, countedUpTo: 0, redirecting: new Set() };
      this.#pairs.set(origin, pair);
    }
    if (pair.current !== origin && this.#now() - pair.movedAt >= returnMs) {
      Object.assign(pair, { current: origin, failures: 0 });
      pair.redirecting.clear();
    }
    return pair;
  }
}

function fixedRoute(origin: string): Route {
  return { origin, answered: () => {}, unanswered: () => {}, redirected: () => false };
}
