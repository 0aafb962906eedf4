import { basename } from "node:path";
import type { BatchProgress } from "../batch/tally.ts";
import type { ProgressEvent } from "../index.ts";
import type { Terminal } from "./terminal.ts";
import { formatSize } from "./sizes.ts";

/** At most ten lines a second: more is only work for the terminal. */
export const leastFrameMs: number = 100;

/**
 * Columns that stay free: a full line would wrap on some terminals and could not be cleared, and neither could one that
 * the `^C^C` of an impatient Ctrl-C makes too long.
 */
const reserved = 5;

export interface ProgressView {
  show(event: ProgressEvent, retries: number): void;
  end(): void;
}

/**
 * Shows progress as one line that is drawn over again, on a terminal and nowhere else.
 * @param wanted whether it is to be shown at all
 */
export function progressView(terminal: Terminal, wanted: boolean): ProgressView {
  const isShown = wanted && terminal.isInteractive;
  let last = -Infinity;
  return {
    show: (event, retries) => {
      if (!isShown) return;
      const now = performance.now();
      if (now - last < leastFrameMs && event.phase === "transfer") return;
      last = now;
      terminal.transient(progressLine(event, retries, terminal.columns));
    },
    end: () => terminal.transient(""),
  };
}

/**
 * `lesson.mp4  412.0 MiB / 1.20 GiB  33%  11.8 MiB/s  ETA 1m07s  26/77 parts  1 retry`, cut to the terminal's width:
 * the name first, then from the end.
 */
export function progressLine(event: ProgressEvent, retries: number, columns: number): string {
  const { sentBytes, totalBytes, parts, bytesPerSecond, etaMs, phase } = event;
  const percent = totalBytes === undefined || totalBytes === 0 ? undefined : Math.floor((sentBytes / totalBytes) * 100);
  const facts = [
    totalBytes === undefined ? formatSize(sentBytes) : `${formatSize(sentBytes)} / ${formatSize(totalBytes)}`,
    percent === undefined ? undefined : `${percent}%`,
    phase === "transfer" ? (bytesPerSecond > 0 ? `${formatSize(bytesPerSecond)}/s` : undefined) : phase,
    phase === "transfer" && etaMs !== undefined ? `ETA ${formatDuration(etaMs)}` : undefined,
    parts.total === undefined
      ? `${parts.done} parts`
      : parts.total > 1
        ? `${parts.done}/${parts.total} parts`
        : undefined,
    retries > 0 ? `${retries} ${retries === 1 ? "retry" : "retries"}` : undefined,
  ].filter((fact) => fact !== undefined);
  const room = columns - reserved;
  const line = facts.join("  ");
  const name = fit(basename(event.file), Math.min(40, room - line.length - 2));
  return fit(name === "" ? line : `${name}  ${line}`, room);
}

/** `1234 / 2000 done  61%  3.20 GiB  11.8 MiB/s  ETA 1m07s  2 failed  8 active`, cut to the terminal's width. */
export function batchLine(progress: BatchProgress, columns: number): string {
  const { total, done, failed, active, bytes, bytesPerSecond, etaMs } = progress;
  const facts = [
    `${done} / ${total} done`,
    `${total === 0 ? 100 : Math.floor(((done + failed) / total) * 100)}%`,
    formatSize(bytes),
    bytesPerSecond > 0 ? `${formatSize(bytesPerSecond)}/s` : undefined,
    etaMs === undefined ? undefined : `ETA ${formatDuration(etaMs)}`,
    failed > 0 ? `${failed} failed` : undefined,
    `${active} active`,
  ];
  return fit(facts.filter((fact) => fact !== undefined).join("  "), columns - reserved);
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
