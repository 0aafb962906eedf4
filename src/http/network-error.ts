import type { NetworkPhase } from "../errors.ts";
import { NetworkError } from "../errors.ts";

/** TLS and address failures that the next attempt meets again. */
const permanent = new Set([
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "ERR_SSL_WRONG_VERSION_NUMBER",
  "UND_ERR_INVALID_ARG",
  "UND_ERR_NOT_SUPPORTED",
]);

const timeouts: Readonly<Record<string, { phase: NetworkPhase; limit: string }>> = {
  UND_ERR_CONNECT_TIMEOUT: { phase: "connect", limit: "no connection within the connect limit" },
  UND_ERR_HEADERS_TIMEOUT: { phase: "headers", limit: "nothing moved within the headers limit" },
  UND_ERR_BODY_TIMEOUT: { phase: "body", limit: "the answer stopped within its body" },
};

/** Errors that found their request on a socket which had served another one before. */
const onReusedSocket = new WeakSet<object>();

/** Remembers of an error that its socket had given an answer before: the error itself does not tell. */
export function markReused(error: object): void {
  onReusedSocket.add(error);
}

/** Names an undici or socket failure: which host, how far the request got, whether trying again may help. */
export function toNetworkError(
  thrown: unknown,
  detail: { readonly host: string; readonly operation: string; readonly status: number | undefined },
): NetworkError {
  const error = rootOf(thrown);
  const code = error.code ?? "";
  const timeout = timeouts[code];
  const phase =
    timeout?.phase ?? (detail.status !== undefined ? "body" : isOfConnecting(error) ? "connect" : "headers");
  const where = {
    host: detail.host,
    phase,
    status: detail.status,
    reusedSocket: detail.status === undefined && isReused(error),
  };
  const options = { cause: thrown, retryable: !permanent.has(code) };
  if (timeout !== undefined || code === "ETIMEDOUT") {
    const limit = timeout?.limit ?? "the connection timed out";
    return new NetworkError("TIMEOUT", `${detail.operation}: ${limit} (${detail.host})`, where, options);
  }
  const proxyStatus = /^Proxy response \((\d{3})\)/.exec(error.message ?? "")?.[1];
  if (proxyStatus !== undefined) {
    const remedy = proxyStatus === "407" ? "; put the proxy's user name and password into HTTPS_PROXY" : "";
    const message = `${detail.operation}: the proxy refused the tunnel to ${detail.host} with ${proxyStatus}${remedy}`;
    return new NetworkError(
      "PROXY",
      message,
      { ...where, phase: "connect", status: Number(proxyStatus) },
      { cause: thrown, retryable: Number(proxyStatus) >= 500 },
    );
  }
  if (code === "VODUP_TUNNEL") {
    const message = `${detail.operation}: no tunnel to ${detail.host}: ${error.message ?? ""}`;
    return new NetworkError("PROXY", message, { ...where, phase: "connect" }, options);
  }
  if (error.name === "HTTPParserError" || code.startsWith("HPE_")) {
    const message = `${detail.operation}: ${detail.host} did not answer in HTTP: ${error.message ?? code}`;
    // Not the error itself: it shows what came, and a server that echoes shows our signature and token in there.
    const cause = new Error(error.message ?? code);
    return new NetworkError("BAD_ANSWER", message, where, { cause, retryable: true });
  }
  const flaw = flaws[code] ?? (error.message === "bad upgrade" ? "another protocol that nobody asked for" : undefined);
  if (flaw !== undefined) {
    const message = `${detail.operation}: ${detail.host} sent ${flaw}`;
    return new NetworkError("BAD_ANSWER", message, where, options);
  }
  if (code === "VODUP_INTERIM_FLOOD") {
    const message = `${detail.operation}: ${detail.host} sent ${error.message ?? ""}`;
    return new NetworkError("BAD_ANSWER", message, where, options);
  }
  // Only with a dispatcher of the caller's; in ours interim.ts comes first.
  if (code === "UND_ERR_SOCKET" && error.message === "bad response") {
    const message =
      `${detail.operation}: ${detail.host} sent an interim response (100 Continue) that nobody asked for, ` +
      "which undici refuses; pass Agent options as `dispatcher` instead of a dispatcher, then it is accepted";
    return new NetworkError("BAD_ANSWER", message, where, options);
  }
  if (code === "UND_ERR_RESPONSE" || code === "UND_ERR_REQ_RETRY") {
    const message = `${detail.operation}: the dispatcher discarded the response of ${detail.host} (status ${error.statusCode ?? "unknown"}); use one without RetryAgent and without the responseError interceptor`;
    const { statusCode: status = detail.status } = error;
    return new NetworkError(
      "BAD_ANSWER",
      message,
      { ...where, phase: "body", status },
      { cause: new Error(code), retryable: (status ?? 0) >= 500 },
    );
  }
  if (untrusted.has(code)) {
    const message =
      `${detail.operation}: the certificate of ${detail.host} is not trusted (${code}); if a proxy or firewall here ` +
      "inspects TLS, put its CA certificate into a file and start Node with NODE_EXTRA_CA_CERTS=FILE";
    return new NetworkError("NETWORK", message, where, options);
  }
  const what = code === "" ? (error.message ?? "the connection failed") : `${code}: ${error.message ?? ""}`;
  return new NetworkError("NETWORK", `${detail.operation}: no answer from ${detail.host}: ${what}`, where, options);
}

/** What came back was an answer, and not one that can be used: the service is there. */
const flaws: Readonly<Record<string, string>> = {
  UND_ERR_HEADERS_OVERFLOW: "headers that are too large",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "a body of another size than its Content-Length says",
};

/** Signed by nobody that Node knows: what a device that inspects TLS puts in the place of the service's certificate. */
const untrusted: ReadonlySet<string> = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
]);

interface SocketFailure {
  readonly name?: string;
  readonly code?: string;
  readonly syscall?: string;
  readonly statusCode?: number;
  readonly message?: string;
  readonly socket?: { readonly bytesRead?: number } | null;
}

/** Happy-eyeballs failures come as an AggregateError: its first member says what happened. */
function rootOf(thrown: unknown): SocketFailure {
  if (thrown instanceof AggregateError && thrown.errors.length > 0) {
    return thrown.errors[0] as SocketFailure;
  }
  if (typeof thrown === "object" && thrown !== null) return thrown;
  return { message: String(thrown) };
}

/**
 * The same code may come from a connection that had stood for hours (ETIMEDOUT, EHOSTUNREACH): the system call tells.
 */
function isOfConnecting(error: SocketFailure): boolean {
  return error.syscall === "connect" || error.syscall === "getaddrinfo";
}

/** An answer was read from this socket before, and none to this request: the server had closed it while it was idle. */
function isReused(error: SocketFailure): boolean {
  return onReusedSocket.has(error) || (error.code === "UND_ERR_SOCKET" && (error.socket?.bytesRead ?? 0) > 0);
}
