import type { OutcomeLine } from "../../batch/records.ts";
import type { Tally } from "../../batch/tally.ts";
import type { Warning } from "../../index.ts";
import type { Arguments } from "../args.ts";
import type { Terminal } from "../terminal.ts";
import { performance } from "node:perf_hooks";
import { barLine, batchLine, checkLine, formatDuration, leastFrameMs, redrawMs } from "../render.ts";
import { errorFields, reportError } from "../report-error.ts";
import { formatSize } from "../sizes.ts";
import { visibleLine } from "../terminal.ts";

/** Where a batch's news go: text for people, or one JSON object a line. */
export interface BatchOutput {
  /** Something moved. */
  readonly progress: () => void;
  readonly warning: (source: string, warning: Pick<Warning, "message"> & { readonly code: string }) => void;
  /** An entry has ended. @returns when stdout has taken the line, or takes none: report and journal have it too */
  readonly ended: (line: OutcomeLine, error?: unknown) => Promise<void>;
  /** Something that is no entry's fault has ended the run. */
  readonly stopped: (error: unknown) => Promise<void>;
  readonly summary: () => Promise<void>;
}

/** Smaller files are over before anybody has read their line. */
const leastBarBytes = 8 * 2 ** 20;

/** Files with a bar of their own; on a terminal of fewer rows none has. */
const [mostBars, leastRows] = [5, 12];

/** Whether progress is drawn: for people at a terminal. */
function isLive(args: Arguments<"json" | "quiet" | "no-progress">, terminal: Terminal): boolean {
  const isQuiet = args.has("json") || args.has("quiet") || args.has("no-progress");
  return !isQuiet && (process.env["CI"] ?? "") === "" && terminal.isInteractive;
}

/** Shows how far the check of a manifest is, which takes a while for a million lines. */
export function surveyProgress(
  terminal: Terminal,
  args: Arguments<"json" | "quiet" | "no-progress">,
  title: string,
): (entries: number) => void {
  if (!isLive(args, terminal)) return () => undefined;
  const started = performance.now();
  // Nearly every manifest is through before then: nothing flickers.
  let shownAt = started + redrawMs;
  return (entries) => {
    const now = performance.now();
    if (now - shownAt < leastFrameMs) return;
    shownAt = now;
    terminal.transient(checkLine(title, entries, now - started, terminal.columns));
  };
}

export function batchOutput(
  terminal: Terminal,
  tally: Tally,
  {
    args,
    debug,
    awayHost,
    limitRate = Infinity,
  }: {
    readonly args: Arguments<"json" | "quiet" | "no-progress">;
    readonly debug: boolean;
    readonly awayHost: () => string | undefined;
    readonly limitRate?: number | undefined;
  },
): BatchOutput {
  const isJson = args.has("json");
  const quiet = args.has("quiet");
  const live = isLive(args, terminal);
  let shownAt = -Infinity;
  let timer: NodeJS.Timeout | undefined;
  let isGone = false;
  const print = async (text: string): Promise<void> => {
    if ((await terminal.print(text)) || isGone) return;
    isGone = true;
    const what = terminal.outputError?.isUnread === true ? "stdout was closed; the" : "the";
    terminal.note(`vodup: ${what} batch continues, and its journal has every result`);
  };
  const draw = (): void => {
    const now = performance.now();
    if (live) timer ??= setInterval(draw, redrawMs).unref();
    if (!live || now - shownAt < leastFrameMs) return;
    shownAt = now;
    const away = awayHost();
    const waiting = away === undefined ? undefined : `waiting for ${away}`;
    const progress = tally.progress();
    // What a burst into the buffers of sockets makes of it is not shown.
    const bytesPerSecond = Math.min(limitRate, progress.bytesPerSecond);
    const bars = terminal.rows < leastRows ? [] : tally.large(leastBarBytes).slice(0, mostBars);
    const lines = bars.map((file) => barLine(file, terminal.columns));
    terminal.transient([...lines, batchLine({ ...progress, bytesPerSecond }, terminal.columns, waiting)].join("\n"));
  };
  return {
    progress: draw,
    warning: (source, { code, message }) => {
      if (isJson) void print(JSON.stringify({ type: "warning", source, code, message }));
      else if (!quiet || code === "MANIFEST_DIFFERENCE") terminal.note(`vodup: note: ${message}`);
    },
    ended: async (line, error) => {
      if (line.type === "error") reportError(terminal, error, { source: line.source, debug });
      if (isJson) await print(JSON.stringify(line));
      else if (line.type === "result") await print(`${visibleLine(line.fileId)}\t${visibleLine(line.source)}`);
      draw();
    },
    stopped: async (error) => {
      if (isJson) await print(JSON.stringify({ type: "error", source: args.operands[0], ...errorFields(error) }));
      reportError(terminal, error, { debug });
    },
    summary: async () => {
      clearInterval(timer);
      terminal.transient("");
      if (isJson) await print(JSON.stringify({ type: "summary", ...summaryFields(tally) }));
      else if (!quiet) terminal.note(`vodup: ${summaryText(tally)}`);
    },
  };
}

function summaryFields(tally: Tally): Readonly<Record<string, number>> {
  const { total, done } = tally.progress();
  const { failed, left, bytes, durationMs } = tally;
  return { entries: total, done, earlier: done - tally.doneNow, failed, left, bytes, durationMs };
}

function summaryText(tally: Tally): string {
  const { entries = 0, done = 0, earlier = 0, failed = 0, left = 0, bytes = 0, durationMs = 0 } = summaryFields(tally);
  const facts = [
    `${done} of ${entries} uploaded${earlier > 0 ? ` (${earlier} by earlier runs)` : ""}`,
    failed > 0 ? `${failed} failed` : undefined,
    left > 0 ? `${left} left` : undefined,
    `${formatSize(bytes)} sent in ${formatDuration(durationMs)}`,
  ].filter((fact) => fact !== undefined);
  const again = failed + left > 0 ? "; the same command uploads the rest" : "";
  return `${facts.join(", ")}${again}`;
}
