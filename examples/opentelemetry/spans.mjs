import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { SpanKind, SpanStatusCode, context, trace } from "@opentelemetry/api";

/**
 * Makes a span of every upload, and below it one of every request, from vodup's diagnostics channels. A request that
 * belongs to no upload becomes a child of whatever span is active.
 *
 * @param {import("@opentelemetry/api").Tracer} tracer
 * @returns {() => void} ends it
 */
export function traceUploads(tracer) {
  /** @type {Map<number, import("@opentelemetry/api").Span>} */
  const uploads = new Map();

  /** @param {number | undefined} uploadNumber */
  const parentOf = (uploadNumber) => {
    const span = uploads.get(uploadNumber ?? 0);
    return span === undefined ? context.active() : trace.setSpan(context.active(), span);
  };

  /** @param {import("vodup").UploadMessage} message */
  const onUpload = ({ uploadNumber, phase, source, totalBytes, fileId, code }) => {
    if (phase === "start") {
      const attributes = { "vodup.source": source, "vodup.total_bytes": totalBytes };
      uploads.set(uploadNumber, tracer.startSpan("vodup upload", { attributes }));
      return;
    }
    const span = uploads.get(uploadNumber);
    if (phase !== "done" && phase !== "error") {
      span?.addEvent(phase);
      return;
    }
    if (fileId !== undefined) span?.setAttribute("vodup.file_id", fileId);
    if (phase === "error") span?.setStatus({ code: SpanStatusCode.ERROR, message: code ?? "unknown" });
    span?.end();
    uploads.delete(uploadNumber);
  };

  /** @param {import("vodup").RequestMessage} message */
  const onRequest = ({
    uploadNumber,
    operation,
    method,
    host,
    path,
    status,
    requestId,
    sentBytes,
    durationMs,
    error,
  }) => {
    const attributes = {
      "http.request.method": method,
      "server.address": host,
      "url.path": path,
      "http.response.status_code": status,
      "http.request.body.size": sentBytes,
      "vodup.request_id": requestId,
    };
    // The message comes when the request is over.
    const startTime = Date.now() - durationMs;
    const span = tracer.startSpan(operation, { kind: SpanKind.CLIENT, startTime, attributes }, parentOf(uploadNumber));
    if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
    else if (status !== undefined && status >= 400) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  };

  /** @param {import("vodup").RetryMessage} message */
  const onRetry = ({ uploadNumber, operation, attempt, delayMs, code }) => {
    const attributes = { "vodup.operation": operation, "vodup.attempt": attempt, "vodup.delay_ms": delayMs };
    uploads.get(uploadNumber ?? 0)?.addEvent("retry", { ...attributes, "vodup.code": code });
  };

  /** @type {[string, (message: any) => void][]} */
  const listeners = [
    ["vodup:upload", onUpload],
    ["vodup:request", onRequest],
    ["vodup:retry", onRetry],
  ];
  for (const [name, listener] of listeners) subscribe(name, listener);
  return () => {
    for (const [name, listener] of listeners) unsubscribe(name, listener);
  };
}
