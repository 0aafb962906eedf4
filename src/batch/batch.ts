import type { BatchEntry } from "./entry.ts";
import type { BatchList } from "./batch-list.ts";
import type { InHand } from "./in-hand.ts";
import type { Journal } from "./journal.ts";
import type { OutcomeLine } from "./records.ts";
import { SourceError } from "../errors.ts";
import { KeyTable, known } from "./key-table.ts";
import { isUncertain } from "./records.ts";

/** What a look through the whole manifest and the journal has found, before anything is sent. */
export interface Survey {
  /** Entries, those that stand there twice counted once. */
  readonly total: number;
  /** Uploaded by earlier runs. */
  readonly earlier: number;
  /** Left for a person to decide: nobody can tell whether they were committed. */
  readonly uncertain: number;
  /** Lines that say what another one says already. */
  readonly repeated: number;
  /** The first of what is wrong; with any of it nothing may be sent. */
  readonly problems: readonly string[];
  readonly problemCount: number;
}

/** How many mistakes are told at once. */
const mostProblems = 20;

/** The entries of a list and how far each is. Two looks through the list, one flag for each entry in memory. */
export class Batch {
  readonly #list: BatchList;
  readonly #journal: Journal | undefined;
  readonly #table = new KeyTable();

  constructor(list: BatchList, journal: Journal | undefined) {
    this.#list = list;
    this.#journal = journal;
  }

  /** Goes through journal and list, and checks every entry. */
  async survey(signal: AbortSignal): Promise<Survey> {
    await this.#readJournal(signal);
    let [total, earlier, uncertain, repeated, problemCount] = [0, 0, 0, 0, 0];
    const problems: string[] = [];
    for await (const listed of this.#listed()) {
      signal.throwIfAborted();
      if ("problem" in listed) {
        problemCount += 1;
        if (problems.length < mostProblems) problems.push(listed.problem);
        continue;
      }
      const { key } = listed.entry;
      if (this.#table.has(key, known.listed)) {
        repeated += 1;
        continue;
      }
      this.#table.add(key, known.listed);
      total += 1;
      if (this.isDone(key)) earlier += 1;
      else if (this.#table.has(key, known.uncertain)) uncertain += 1;
    }
    return { total, earlier, uncertain, repeated, problems, problemCount };
  }

  /** Whether the journal had an entry's result when this run began. */
  isDone(key: string): boolean {
    return this.#table.has(key, known.done);
  }

  #listed(): ReturnType<BatchList["entries"]> {
    return this.#list.entries((key) => this.#table.has(key, known.done | known.uncertain));
  }

  /** The lines of earlier runs that still hold: results, and what is left for a person to decide. */
  async *settled(): AsyncGenerator<OutcomeLine> {
    for await (const { key, ...line } of this.#journal?.records() ?? []) {
      if (!this.#table.has(key, known.listed)) continue;
      if (line.type === "result" || (isUncertain(line) && !this.isDone(key))) yield line;
    }
  }

  /**
   * Has every entry that is left taken in hand once.
   * @param work must end early when its signal aborts; what it throws ends all
   * @param goOn asked before each entry
   */
  async run(
    inHand: InHand,
    signal: AbortSignal,
    goOn: () => boolean,
    work: (entry: BatchEntry, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const broken: unknown[] = [];
    await inHand.each(this.#left(goOn, broken), signal, work);
    if (broken.length > 0) throw broken[0];
  }

  /** @param broken gets why the list ended early: what is in hand by then is no worse for it, and comes to its end */
  async *#left(goOn: () => boolean, broken: unknown[]): AsyncGenerator<BatchEntry> {
    try {
      for await (const listed of this.#listed()) {
        // The manifest was right a moment ago.
        if ("problem" in listed) throw new SourceError("SOURCE_CHANGED", `${listed.problem}; it was changed meanwhile`);
        const { key } = listed.entry;
        if (this.#table.has(key, known.done | known.uncertain | known.taken)) continue;
        if (!goOn()) return;
        this.#table.add(key, known.taken);
        yield listed.entry;
      }
    } catch (error) {
      broken.push(error);
    }
  }

  async #readJournal(signal: AbortSignal): Promise<void> {
    for await (const record of this.#journal?.records() ?? []) {
      signal.throwIfAborted();
      if (record.type === "result") this.#table.add(record.key, known.done);
      else if (isUncertain(record)) this.#table.add(record.key, known.uncertain);
    }
  }
}
