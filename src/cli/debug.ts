import { performance } from "node:perf_hooks";
import { channel } from "node:diagnostics_channel";
import type { RequestMessage, RetryMessage, UploadMessage } from "../index.ts";

/** Whether `--debug` was given, or VODUP_DEBUG is set to something but 0 or false. */
export function isDebugging(flag: boolean, env: NodeJS.ProcessEnv): boolean {
  return flag || !["", "0", "false"].includes((env["VODUP_DEBUG"] ?? "").toLowerCase());
}

/**
 * Tells every request, repetition and phase, one line each. The messages of the channels hold no secret, token or
 * signature, and nothing else is told.
 * @returns ends it
 */
export function reportDiagnostics(note: (line: string) => void): () => void {
  const started = performance.now();
  const tell = (text: string): void => note(`[${((performance.now() - started) / 1000).toFixed(3)}s] ${text}`);
  const listeners = {
    "vodup:request": (message: unknown) => tell(requestLine(message as RequestMessage)),
    "vodup:retry": (message: unknown) => tell(retryLine(message as RetryMessage)),
    "vodup:upload": (message: unknown) => tell(uploadLine(message as UploadMessage)),
  };
  for (const [name, listener] of Object.entries(listeners)) channel(name).subscribe(listener);
  return () => {
    for (const [name, listener] of Object.entries(listeners)) channel(name).unsubscribe(listener);
  };
}

function requestLine(message: RequestMessage): string {
  const { operation, method, host, path, status, requestId, sentBytes, durationMs, error } = message;
  const outcome = status === undefined ? (error ?? "no answer") : error === undefined ? status : `${status} ${error}`;
  const id = requestId === undefined ? "" : ` request ${requestId}`;
  return `${operation} ${method} ${host}${path} ${sentBytes} B → ${outcome} in ${Math.round(durationMs)} ms${id}`;
}

function retryLine({ operation, attempt, delayMs, code, message }: RetryMessage): string {
  return `${operation} failed (attempt ${attempt}, ${code}: ${message}); again in ${delayMs} ms`;
}

function uploadLine({ uploadNumber, phase, source, fileId, code }: UploadMessage): string {
  return [`upload ${uploadNumber} ${phase}`, source, fileId, code].filter((part) => part !== undefined).join(" ");
}
