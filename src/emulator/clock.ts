import { clearTimeout, setTimeout } from "node:timers";

/** Something to be done once the emulator's clock reaches `at`. */
interface Appointment {
  readonly at: number;
  readonly action: () => void;
}

/** A frozen `base` clock never reaches an appointment; looking again at this pace costs nothing. */
const shortestWaitMs = 20;
const longestWaitMs = 60_000;

/**
 * The emulator's time: a base clock plus an offset that tests move, and the appointments (tasks, events, redelivery)
 * that hang on it. Moving the clock keeps the appointments, so a test can pass three days in a call.
 */
export class EmulatorClock {
  readonly #base: () => number;
  #offset = 0;
  #appointments: Appointment[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(base: () => number) {
    this.#base = base;
  }

  /** Epoch milliseconds. */
  now(): number {
    return this.#base() + this.#offset;
  }

  /** Moves the clock by `ms` (negative: back) and keeps every appointment that has become due, oldest first. */
  advance(ms: number): void {
    this.#offset += ms;
    this.#keep();
  }

  /** Runs `action` when the clock reaches `at` (epoch ms); returns a function that cancels it. */
  schedule(at: number, action: () => void): () => void {
    if (this.#closed) return () => undefined;
    const appointment: Appointment = { at, action };
    this.#appointments.push(appointment);
    this.#wind();
    return () => {
      this.#appointments = this.#appointments.filter((one) => one !== appointment);
    };
  }

  /** Back to the base clock, with no appointment. */
  reset(): void {
    this.#offset = 0;
    this.#appointments = [];
    clearTimeout(this.#timer);
  }

  close(): void {
    this.#closed = true;
    this.reset();
  }

  #keep(): void {
    for (;;) {
      const now = this.now();
      const due = this.#next();
      if (due === undefined || due.at > now) break;
      this.#appointments = this.#appointments.filter((one) => one !== due);
      due.action();
    }
    this.#wind();
  }

  #next(): Appointment | undefined {
    let first: Appointment | undefined;
    for (const one of this.#appointments) if (first === undefined || one.at < first.at) first = one;
    return first;
  }

  #wind(): void {
    clearTimeout(this.#timer);
    const next = this.#next();
    if (next === undefined || this.#closed) return;
    const wait = Math.min(Math.max(next.at - this.now(), shortestWaitMs), longestWaitMs);
    this.#timer = setTimeout(() => this.#keep(), wait);
    this.#timer.unref();
  }
}
