import { clearInterval, setInterval } from "node:timers";
import { performance } from "node:perf_hooks";
import { basename } from "node:path";
import type { ActiveFile, BatchProgress } from "../batch/tally.ts";
import type { ProgressEvent } from "../index.ts";
import type { Terminal } from "./terminal.ts";
import { RateWindow } from "../rate-window.ts";
import { formatSize } from "./sizes.ts";
import { visibleLine } from "./terminal.ts";

/** At most ten lines a second: more is only work for the terminal. */
export const leastFrameMs: number = 100;

/** The line is drawn again although nothing moved: the time does, and a stalled line must be told from a slow one. */
export const redrawMs: number = 1_000;

/** Columns that stay free: a full line would wrap on some terminals. */
const reserved = 1;

/** Columns below which neither name nor total has room beside what moves. */
const narrow = 50;

/** Something that a line says. */
interface Fact {
  readonly text: string;
  /** The columns that it is counted as: whether another fact has room must not change with every digit of this one. */
  readonly columns?: number;
  /** What goes first where there is no room for all: the highest. */
  readonly rank: number;
}

/** The most columns of a size, of a rate, and of a time below 10 hours. */
const [sizeColumns, rateColumns, timeColumns] = [9, 11, 5];

export interface ProgressView {
  show(event: ProgressEvent, retries: number): void;
  /** Shows what is being waited for, until something moves; `forMs` is counted down. */
  wait(reason: string, forMs?: number): void;
  end(): void;
}

/** What the line shows of one upload. */
export interface Shown {
  readonly event?: ProgressEvent | undefined;
  readonly retries: number;
  readonly bytesPerSecond: number;
  readonly elapsedMs: number;
  readonly waiting?: string | undefined;
}

export interface ViewOptions {
  /** Whether it is to be shown at all. */
  readonly wanted: boolean;
  /** Bytes a second of `--limit-rate`: what a burst into buffers makes of it is not shown. */
  readonly limitRate?: number | undefined;
}

/** Shows progress as one line that is drawn over again at least every second, on a terminal and nowhere else. */
export function progressView(terminal: Terminal, { wanted, limitRate = Infinity }: ViewOptions): ProgressView {
  if (!wanted || !terminal.isInteractive) return { show: () => undefined, wait: () => undefined, end: () => undefined };
  const started = performance.now();
  let rate: RateWindow | undefined;
  let last = -Infinity;
  let shown: { event?: ProgressEvent; retries: number } = { retries: 0 };
  let waiting: { readonly reason: string; readonly until: number | undefined } | undefined;
  let timer: NodeJS.Timeout | undefined;
  const draw = (): void => {
    const now = (last = performance.now());
    const left = waiting?.until === undefined ? "" : ` in ${formatDuration(waiting.until - now)}`;
    const line = {
      ...shown,
      bytesPerSecond: Math.min(limitRate, rate?.perSecond(now) ?? 0),
      elapsedMs: now - started,
      waiting: waiting === undefined ? undefined : waiting.reason.replace("%t", left),
    };
    terminal.transient(progressLine(line, terminal.columns));
  };
  const begin = (): void => {
    timer ??= setInterval(draw, redrawMs).unref();
  };
  return {
    show: (event, retries) => {
      begin();
      const now = performance.now();
      const isNew = event.phase !== shown.event?.phase;
      const moved = event.writtenBytes - event.resumedBytes;
      if (event.phase === "transfer") (rate ??= new RateWindow(now, moved)).reached(moved, now);
      if (event.writtenBytes !== shown.event?.writtenBytes || isNew) waiting = undefined;
      shown = { event, retries };
      if (now - last >= leastFrameMs || isNew) draw();
    },
    wait: (reason, forMs) => {
      begin();
      waiting = { reason, until: forMs === undefined ? undefined : performance.now() + forMs };
      draw();
    },
    end: () => {
      clearInterval(timer);
      timer = undefined;
      terminal.transient("");
    },
  };
}

/**
 * `lesson.mp4  412.0 MiB / 1.20 GiB  33%  11.8 MiB/s  1m07s  ETA 1m10s  26/77 parts  stored 408.0 MiB  1 retry`, cut to
 * the terminal's width: from the end, and the name to a quarter of it. The first number counts bytes that have left for
 * the network, "stored" those that the service has acknowledged. What moves stays: bytes, rate and time.
 */
export function progressLine({ event, retries, bytesPerSecond, elapsedMs, waiting }: Shown, columns: number): string {
  const room = columns - reserved;
  const elapsed = formatDuration(elapsedMs);
  if (event === undefined) return fit(visibleLine([waiting, elapsed].filter(Boolean).join("  ")), room);
  const { sentBytes, writtenBytes, totalBytes = Infinity, parts, phase } = event;
  const moved = Math.min(totalBytes, Math.max(sentBytes, writtenBytes));
  const percent = totalBytes === Infinity || totalBytes === 0 ? undefined : Math.floor((moved / totalBytes) * 100);
  const isMoving = phase === "transfer";
  const left = isMoving && bytesPerSecond > 0 && totalBytes !== Infinity ? (totalBytes - moved) / bytesPerSecond : NaN;
  const total = totalBytes === Infinity || room < narrow ? "" : ` / ${formatSize(totalBytes)}`;
  const partCount =
    parts.total === undefined
      ? `${parts.done} parts`
      : parts.total > 1
        ? `${parts.done}/${parts.total} parts`
        : undefined;
  const facts = [
    fact(`${formatSize(moved)}${total}`, 1, sizeColumns + total.length),
    percent === undefined ? undefined : fact(`${percent}%`, 4, 4),
    isMoving ? rateFact(bytesPerSecond) : fact(phase, 2),
    fact(elapsed, 3, timeColumns),
    waiting === undefined ? undefined : fact(waiting, 5),
    Number.isNaN(left) ? undefined : fact(`ETA ${formatDuration(left * 1000)}`, 6, 4 + timeColumns),
    partCount === undefined ? undefined : fact(partCount, 7),
    isMoving && sentBytes < moved ? fact(`stored ${formatSize(sentBytes)}`, 8, 7 + sizeColumns) : undefined,
    retries > 0 ? fact(`${retries} ${retries === 1 ? "retry" : "retries"}`, 9) : undefined,
  ].filter((one) => one !== undefined);
  const name = room < narrow ? "" : visibleLine(basename(event.file));
  const nameRoom = Math.min(width(name), Math.floor(room / 4));
  const line = assemble(facts, name === "" ? room : room - nameRoom - 2);
  const shownName = fit(name, Math.min(40, room - line.length - 2));
  return fit(shownName === "" ? line : `${shownName}  ${line}`, room);
}

function fact(text: string, rank: number, columns?: number): Fact {
  return { text: visibleLine(text), rank, ...(columns === undefined ? {} : { columns }) };
}

function rateFact(bytesPerSecond: number): Fact {
  return fact(`${formatSize(Math.round(bytesPerSecond))}/s`, 2, rateColumns);
}

/** One line of the facts that there is room for, in their order. */
function assemble(facts: readonly Fact[], room: number): string {
  const between = room < narrow ? " " : "  ";
  const lengthOf = (kept: readonly Fact[]): number =>
    kept.reduce((sum, { text, columns = 0 }) => sum + Math.max(width(text), columns) + between.length, -between.length);
  let kept = facts;
  while (kept.length > 1 && lengthOf(kept) > room) {
    const first = Math.max(...kept.map(({ rank }) => rank));
    kept = kept.filter(({ rank }) => rank !== first);
  }
  return fit(kept.map(({ text }) => text).join(between), room);
}

/** `1234 / 2000 done  61%  3.20 GiB  11.8 MiB/s  2m10s  ETA 1m07s  2 failed  8 active`, cut to the terminal's width. */
export function batchLine(progress: BatchProgress, columns: number, waiting?: string): string {
  const { total, done, failed, active, writtenBytes, bytesPerSecond, elapsedMs, etaMs } = progress;
  const room = columns - reserved;
  const facts = [
    fact(room < narrow ? `${done}/${total}` : `${done} / ${total} done`, 1),
    fact(`${total === 0 ? 100 : Math.floor(((done + failed) / total) * 100)}%`, 5, 4),
    fact(formatSize(writtenBytes), 4, sizeColumns),
    active > 0 ? rateFact(bytesPerSecond) : undefined,
    fact(formatDuration(elapsedMs), 3, timeColumns),
    waiting === undefined ? undefined : fact(waiting, 6),
    etaMs === undefined || waiting !== undefined ? undefined : fact(`ETA ${formatDuration(etaMs)}`, 8, 4 + timeColumns),
    failed > 0 ? fact(`${failed} failed`, 7) : undefined,
    fact(`${active} active`, 9),
  ].filter((one) => one !== undefined);
  return assemble(facts, room);
}

/** `checking films.csv  120,000 entries  3s`. */
export function checkLine(title: string, entries: number, elapsedMs: number, columns: number): string {
  const text = `checking ${visibleLine(title)}  ${entries.toLocaleString("en")} entries  ${formatDuration(elapsedMs)}`;
  return fit(text, columns - reserved);
}

/** `  lesson.mp4  [######--------]  42%  412.0 MiB / 980.0 MiB`, cut to the terminal's width. */
export function barLine({ name, movedBytes, totalBytes }: ActiveFile, columns: number): string {
  const room = columns - reserved;
  const share = totalBytes === 0 ? 1 : movedBytes / totalBytes;
  const barRoom = room < narrow ? 8 : 20;
  const full = Math.floor(share * barRoom);
  const bar = `[${"#".repeat(full)}${"-".repeat(barRoom - full)}]  ${String(Math.floor(share * 100)).padStart(3)}%`;
  const sizes = room < narrow ? "" : `  ${formatSize(movedBytes)} / ${formatSize(totalBytes)}`;
  const nameRoom = Math.min(30, room - 4 - bar.length - sizes.length);
  const shown = fit(visibleLine(basename(name)), nameRoom);
  return `  ${shown}${" ".repeat(Math.max(0, nameRoom - width(shown)))}  ${bar}${sizes}`;
}

/** `1h02m`, `1m07s`, `7s`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  if (seconds >= 3600) return `${Math.floor(seconds / 3600)}h${two(Math.floor((seconds % 3600) / 60))}m`;
  return seconds >= 60 ? `${Math.floor(seconds / 60)}m${two(seconds % 60)}s` : `${seconds}s`;
}

/** Cuts by columns, counting East Asian wide characters and emoji as two. */
function fit(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let used = 1;
  let kept = "";
  for (const character of text) {
    used += width(character);
    if (used > columns) break;
    kept += character;
  }
  return columns < 4 ? "" : `${kept}…`;
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

function width(text: string): number {
  let columns = 0;
  for (const character of text) columns += wide.test(character) ? 2 : /\p{Mark}/u.test(character) ? 0 : 1;
  return columns;
}
