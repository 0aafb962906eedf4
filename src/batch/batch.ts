import type { BatchEntry } from "./entry.ts";
import type { BatchList } from "./batch-list.ts";
import type { InHand, Rest } from "./in-hand.ts";
import type { Journal } from "./journal.ts";
import type { OutcomeLine, ResultLine } from "./records.ts";
import type { Watch } from "./watch.ts";
import { SourceError } from "../errors.ts";
import { KeyTable, known } from "./key-table.ts";
import { isUncertain } from "./records.ts";
import { isSameContent, isYoung, lookAt } from "./seen.ts";

/** What a look through the whole manifest and the journal has found, before anything is sent. */
export interface Survey {
  /** Entries, those that stand there twice counted once. */
  readonly total: number;
  /** Uploaded by earlier runs. */
  readonly earlier: number;
  /** Uploaded by earlier runs, and their files are others since: not counted as `earlier`. */
  readonly changed: number;
  /** The first of those. */
  readonly changedNames: readonly string[];
  /** Left for a person to decide: nobody can tell whether they were committed. */
  readonly uncertain: number;
  /** Lines that say what another one says already. */
  readonly repeated: number;
  /** The first of what is wrong; with any of it nothing may be sent. */
  readonly problems: readonly string[];
  readonly problemCount: number;
}

/** What is done about files that were changed since they were uploaded. */
export type ChangedPolicy = "fail" | "upload" | "ignore";

export interface BatchRules {
  readonly changed: ChangedPolicy;
  /** Files that were written to less than this number of milliseconds ago are left for a later run. */
  readonly minAgeMs: number;
  /** Whether an entry is done only when its task flow, if any, has succeeded. @defaultValue false */
  readonly wait?: boolean | undefined;
}

/** What {@link Batch.watch} needs. */
export interface Watching {
  readonly watch: Watch;
  readonly signal: AbortSignal;
  readonly goOn: () => boolean;
  readonly onFound: () => void;
  readonly work: (entry: BatchEntry, signal: AbortSignal) => Promise<Rest | void>;
}

/** How many mistakes are told at once. */
const mostProblems = 20;

/** How many changed files are named. */
const mostNames = 5;

/** The entries of a list and how far each is. Two looks through the list, one flag for each entry in memory. */
export class Batch {
  readonly #list: BatchList;
  readonly #journal: Journal | undefined;
  readonly #rules: BatchRules;
  readonly #table = new KeyTable();
  /** How often the journal has a key as changed; results before the last of those are of an older content. */
  readonly #changes = new Map<string, number>();
  /** With `wait`: uploaded by earlier runs, which did not see the end of the task flow. */
  readonly #unprocessed = new Map<string, ResultLine>();
  /** Left for a later run, since they were written to a moment ago. */
  young = 0;

  constructor(list: BatchList, journal: Journal | undefined, rules: BatchRules = { changed: "ignore", minAgeMs: 0 }) {
    this.#list = list;
    this.#journal = journal;
    this.#rules = rules;
  }

  /** Goes through journal and list, and checks every entry. @param onEntry told how many were looked at */
  async survey(signal: AbortSignal, onEntry: (entries: number) => void = () => undefined): Promise<Survey> {
    await this.#readJournal(signal);
    let [total, earlier, uncertain, repeated, problemCount] = [0, 0, 0, 0, 0];
    const changedNames: string[] = [];
    let changed = 0;
    const moved = new Map<string, BatchEntry>();
    const problems: string[] = [];
    let looked = 0;
    for await (const listed of this.#listed()) {
      signal.throwIfAborted();
      onEntry((looked += 1));
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
      if (this.isDone(key)) {
        const found = this.#rules.changed === "ignore" ? "same" : this.#table.compare(key, lookAt(listed.entry));
        if (found === "moved") moved.set(key, listed.entry);
        if (found === "changed") {
          this.#table.add(key, known.changed);
          changed += 1;
          if (changedNames.length < mostNames) changedNames.push(listed.entry.name);
        } else earlier += 1;
      } else if (this.#table.has(key, known.uncertain)) uncertain += 1;
    }
    for (const entry of await this.#compare(moved)) {
      this.#table.add(entry.key, known.changed);
      changed += 1;
      earlier -= 1;
      if (changedNames.length < mostNames) changedNames.push(entry.name);
    }
    return { total, earlier, changed, changedNames, uncertain, repeated, problems, problemCount };
  }

  /** Whether the journal had an entry's result when this run began. */
  isDone(key: string): boolean {
    return this.#table.has(key, known.done) && !this.isChanged(key) && !this.#unprocessed.has(key);
  }

  /** The result of an entry that was uploaded, and whose task flow is still to be waited for. */
  unprocessed(key: string): ResultLine | undefined {
    return this.#unprocessed.get(key);
  }

  /** An entry that failed will be taken in hand once more. */
  again(key: string): void {
    this.#table.clear(key, known.taken);
  }

  /** The journal has the entry's result now. */
  uploaded(key: string, seen: string | undefined): void {
    this.#table.add(key, known.done);
    this.#table.clear(key, known.changed);
    this.#table.mark(key, seen);
  }

  /** Whether an entry that the journal has as uploaded was changed since. */
  isChanged(key: string): boolean {
    return this.#table.has(key, known.changed);
  }

  /**
   * Reads files of which only the change time moved, by a chmod or because their date was set back.
   * @returns those with another content
   */
  async #compare(moved: ReadonlyMap<string, BatchEntry>): Promise<BatchEntry[]> {
    if (moved.size === 0) return [];
    const crcs = new Map<string, unknown>();
    for await (const record of this.#journal?.records() ?? [])
      if (record.type === "result" && moved.has(record.key)) crcs.set(record.key, record.crc64);
    const changed: BatchEntry[] = [];
    for (const [key, entry] of moved) {
      const seen = lookAt(entry);
      if (!(await isSameContent(entry, crcs.get(key)))) changed.push(entry);
      else await this.#journal?.append({ type: "same", key, source: entry.name, seen });
    }
    return changed;
  }

  #listed(): ReturnType<BatchList["entries"]> {
    return this.#list.entries((key) => this.#table.has(key, known.done | known.uncertain));
  }

  /** The lines of earlier runs that still hold: results, and what is left for a person to decide. */
  async *settled(): AsyncGenerator<OutcomeLine> {
    const past = new Map<string, number>();
    for await (const record of this.#journal?.records() ?? []) {
      const { key } = record;
      if (!this.#table.has(key, known.listed) || this.isChanged(key) || this.#unprocessed.has(key)) continue;
      if (record.type === "changed") past.set(key, (past.get(key) ?? 0) + 1);
      if (record.type !== "result" && record.type !== "error") continue;
      const { key: _key, seen: _seen, processed: _processed, ...line } = record;
      const isLatest = (past.get(key) ?? 0) === (this.#changes.get(key) ?? 0);
      if (line.type === "result" ? isLatest : isUncertain(line) && !this.isDone(key)) yield line;
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
    work: (entry: BatchEntry, signal: AbortSignal) => Promise<Rest | void>,
  ): Promise<void> {
    const broken: unknown[] = [];
    await inHand.each(this.#left(goOn, broken), signal, work);
    if (broken.length > 0) throw broken[0];
  }

  /**
   * Has every file taken in hand that arrives in the folder, until the signal aborts or `goOn` says no.
   * @param onFound told of each that the survey did not count as left
   */
  async watch(inHand: InHand, { watch, signal, goOn, onFound, work }: Watching): Promise<void> {
    const broken: unknown[] = [];
    await inHand.each(this.#arriving({ watch, signal, goOn, onFound }, broken), signal, work);
    if (broken.length > 0) throw broken[0];
  }

  /** @param broken as of #left */
  async *#arriving(
    { watch, signal, goOn, onFound }: Omit<Watching, "work">,
    broken: unknown[],
  ): AsyncGenerator<BatchEntry> {
    try {
      for await (const entry of watch.arrivals(signal)) {
        const { key } = entry;
        if (this.#table.has(key, known.uncertain)) continue;
        if (this.isDone(key) && !(await this.#hasChanged(entry))) continue;
        if (!goOn()) return;
        const isCounted = this.#table.has(key, known.listed) && !this.#table.has(key, known.taken);
        if (!isCounted) onFound();
        this.#table.add(key, known.listed | known.taken);
        yield entry;
      }
    } catch (error) {
      broken.push(error);
    }
  }

  async #hasChanged(entry: BatchEntry): Promise<boolean> {
    const { key } = entry;
    if (this.#rules.changed === "ignore") return false;
    const found = this.#table.compare(key, lookAt(entry));
    const isOther =
      found === "changed" || (found === "moved" && (await this.#compare(new Map([[key, entry]]))).length > 0);
    // It is uploaded once more, or fails; either way it is one more than there were.
    if (isOther) this.#table.add(key, known.changed | known.taken);
    return isOther;
  }

  /** @param broken gets why the list ended early: what is in hand by then is no worse for it, and comes to its end */
  async *#left(goOn: () => boolean, broken: unknown[]): AsyncGenerator<BatchEntry> {
    try {
      for await (const listed of this.#listed()) {
        // The manifest was right a moment ago.
        if ("problem" in listed) throw new SourceError("SOURCE_CHANGED", `${listed.problem}; it was changed meanwhile`);
        const { key } = listed.entry;
        if (this.isDone(key) || this.#table.has(key, known.uncertain | known.taken)) continue;
        if (isYoung(listed.entry, this.#rules.minAgeMs)) {
          this.#table.add(key, known.taken);
          this.young += 1;
          continue;
        }
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
      const { key, type } = record;
      const seen = "seen" in record && typeof record.seen === "string" ? record.seen : undefined;
      if (type === "result") this.#table.add(key, known.done);
      if (record.type === "result" && record.processed === false && this.#rules.wait === true) {
        const { key: _key, seen: _seen, processed: _processed, ...line } = record;
        this.#unprocessed.set(key, line);
      } else if (type === "result" || type === "processed" || type === "changed") this.#unprocessed.delete(key);
      if (type === "result" || type === "same") this.#table.mark(key, seen);
      if (type === "changed") {
        this.#table.clear(key, known.done);
        this.#changes.set(key, (this.#changes.get(key) ?? 0) + 1);
      }
      if (type === "error" && isUncertain(record)) this.#table.add(key, known.uncertain);
    }
  }
}
