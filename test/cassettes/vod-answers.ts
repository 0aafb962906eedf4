/** What the JSON API, or something that stands before it, also answers. */
import type { CassetteFile, Json } from "./author.ts";
import { date, envelope, sortNames, temporaryKeys, vodCassette } from "./author.ts";

const requestId = "ed93f3cb-f35e-473f-b9f3-0d451b8b79c6";

const shapeOfErrors =
  "API 3.0 common parameters, returned results: the documented shape of an error, with HTTP status 200";
const gateway = "Made after the behaviour of gateways: a status or body that is not the API's.";

interface Answered {
  readonly name: string;
  readonly description: string;
  readonly reply: Json;
  readonly expect: Json;
  readonly action?: string;
  readonly params?: Json;
  readonly note?: string;
  readonly documented?: true;
}

function apiError(code: string, message: string): Json {
  return envelope({ Error: { Code: code, Message: message }, RequestId: requestId });
}

function service(code: string, retryable: boolean): Json {
  return { error: { kind: "service", code, requestId, retryable } };
}

const html = (status: number, title: string): Json => ({
  status,
  headers: [["Content-Type", "text/html"]],
  text: `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body>\r\n<center><h1>${status} ${title}</h1></center>\r\n</body>\r\n</html>\r\n`,
});

const failedMessage = "작업이 실패했습니다";
/** Bytes up to the middle of the message's first letter, which has three. */
const insideMessage =
  Buffer.from(JSON.stringify(sortNames(apiError("FailedOperation", failedMessage)["json"]))).indexOf(failedMessage) + 1;

const answers: readonly Answered[] = [
  {
    name: "error-signature-failure",
    description: "An API error has HTTP status 200",
    reply: apiError(
      "AuthFailure.SignatureFailure",
      "The provided credentials could not be validated. Please check your signature is correct.",
    ),
    expect: service("AuthFailure.SignatureFailure", false),
    documented: true,
  },
  {
    name: "error-signature-expired",
    description: "A refused timestamp; the answer's Date agrees with the clock, so signing again would not help",
    reply: apiError("AuthFailure.SignatureExpire", "The signature is expired, please request again."),
    expect: { error: { kind: "service", code: "AuthFailure.SignatureExpire", requestId } },
    documented: true,
  },
  {
    name: "error-invalid-parameter",
    description: "A caller's mistake is the caller's to mend: no second try",
    action: "ApplyUpload",
    params: { MediaType: "exe" },
    reply: apiError("InvalidParameterValue.MediaType", "invalid media type"),
    expect: service("InvalidParameterValue.MediaType", false),
  },
  {
    name: "error-unknown-session",
    description: "CommitUpload of a session the service does not know",
    action: "CommitUpload",
    params: { VodSessionKey: "unknown+/=" },
    reply: apiError("InvalidParameterValue.VodSessionKey", "invalid vod session key"),
    expect: service("InvalidParameterValue.VodSessionKey", false),
  },
  {
    name: "error-rate-limit",
    description: "Too many requests: the service's own code, HTTP status 200",
    reply: apiError("RequestLimitExceeded", "Your current request frequency exceeds the limit."),
    expect: service("RequestLimitExceeded", true),
  },
  {
    name: "error-rate-limit-of-account",
    description: "A sub-code of the rate limit that vendor clients miss",
    reply: apiError("RequestLimitExceeded.UinLimitExceeded", "The frequency of the account exceeds the limit."),
    expect: service("RequestLimitExceeded.UinLimitExceeded", true),
  },
  {
    name: "error-internal",
    description: "InternalError passes",
    reply: apiError("InternalError", "An internal error has occurred."),
    expect: service("InternalError", true),
  },
  {
    name: "error-with-charset",
    description: "An error is an error also under a content type with charset (one vendor client misses it)",
    reply: {
      ...apiError("UnauthorizedOperation", "not authorized"),
      headers: [
        ["Date", date],
        ["Content-Type", "application/json; charset=utf-8"],
      ],
    },
    expect: service("UnauthorizedOperation", false),
  },
  {
    name: "error-chunked",
    description: "The answer comes in three chunks that cut a character in two",
    reply: {
      ...apiError("FailedOperation", failedMessage),
      chunks: [1, insideMessage - 1],
      chunkDelayMs: 5,
    },
    expect: { error: { kind: "service", code: "FailedOperation", message: failedMessage, requestId } },
  },
  {
    name: "error-old-gateway",
    description: "The old gateway's form, without Response",
    reply: {
      status: 200,
      headers: [["Content-Type", "application/json"]],
      json: { code: 4000, message: "(-4000) invalid parameter", codeDesc: "InvalidParameter" },
    },
    expect: { error: { kind: "service", code: "InvalidParameter", message: "invalid parameter", retryable: false } },
    note: "Made after the form that only the Go client of the vendor still reads.",
  },
  {
    name: "success-with-warning",
    description: "A success that also says the action is deprecated, under a request id that is no UUID",
    reply: envelope({
      CountOfEventsToPull: 0,
      DeprecatedWarning: "This action is deprecated.",
      RequestId: "5ca61e3a-6b8e-4b4e-9256-fdc701190064ef0",
    }),
    expect: { result: { CountOfEventsToPull: 0, RequestId: "5ca61e3a-6b8e-4b4e-9256-fdc701190064ef0" } },
  },
  {
    name: "success-after-interim",
    description: "Interim answers that nobody asked for come before the answer",
    reply: envelope({ CountOfEventsToPull: 7, RequestId: requestId }, { interim: [102, 103] }),
    expect: { result: { CountOfEventsToPull: 7, RequestId: requestId } },
    note: gateway,
  },
  {
    name: "gateway-502-html",
    description: "A gateway's own page instead of an answer",
    reply: html(502, "Bad Gateway"),
    expect: { error: { kind: "gateway", status: 502, retryable: true } },
    note: gateway,
  },
  {
    name: "gateway-403-html",
    description: "A firewall's page: the same request will be refused again",
    reply: html(403, "Forbidden"),
    expect: { error: { kind: "gateway", status: 403, retryable: false } },
    note: gateway,
  },
  {
    name: "gateway-503-with-response",
    description: "A success under another status than 200 is none: a gateway answered from its cache",
    reply: envelope({ CountOfEventsToPull: 1, RequestId: requestId }, { status: 503 }),
    expect: { error: { kind: "gateway", status: 503, retryable: true } },
    note: gateway,
  },
  {
    name: "error-with-status-500",
    description: "An error of the service stays one under another status than 200",
    reply: { ...apiError("FailedOperation", "failed"), status: 500 },
    expect: service("FailedOperation", false),
    note: gateway,
  },
  {
    name: "gateway-200-html",
    description: "HTTP status 200 with a page (a captive portal)",
    reply: html(200, "OK"),
    expect: { error: { kind: "malformed", status: 200 } },
    note: gateway,
  },
  {
    name: "gateway-200-empty",
    description: "HTTP status 200 with nothing in it",
    reply: { status: 200, headers: [["Content-Type", "application/json"]] },
    expect: { error: { kind: "malformed", status: 200, retryable: true } },
    note: gateway,
  },
  {
    name: "gateway-200-no-response",
    description: "JSON without Response",
    reply: { status: 200, headers: [["Content-Type", "application/json"]], json: { RequestId: requestId } },
    expect: { error: { kind: "malformed", status: 200 } },
    note: gateway,
  },
  {
    name: "gateway-200-null-response",
    description: "JSON whose Response is null",
    reply: { status: 200, headers: [["Content-Type", "application/json"]], json: { Response: null } },
    expect: { error: { kind: "malformed", status: 200 } },
    note: gateway,
  },
  {
    name: "gateway-200-cut-json",
    description: "JSON that stops in the middle, under a Content-Length that agrees",
    reply: {
      status: 200,
      headers: [["Content-Type", "application/json"]],
      text: '{"Response":{"CountOfEventsToPull":1,"Requ',
    },
    expect: { error: { kind: "malformed", status: 200 } },
    note: gateway,
  },
  {
    name: "connection-reset",
    description: "The connection is reset instead of an answer",
    reply: { fault: "reset-before-response" },
    expect: { error: { kind: "connection" } },
  },
  {
    name: "connection-cut-body",
    description: "The connection ends in the middle of the answer",
    reply: envelope({ CountOfEventsToPull: 1, RequestId: requestId }, { fault: "truncate-body", at: 30 }),
    expect: { error: { kind: "connection", status: 200 } },
  },
];

export function answerCassettes(): CassetteFile[] {
  const cassettes = answers.map(({ name, description, reply, expect, action, params, note, documented }) =>
    vodCassette({
      name: `vod/${name}`,
      description,
      action: action ?? "DescribeEventsState",
      params: params ?? {},
      source: documented === true ? "documented" : "constructed",
      note: note ?? `${shapeOfErrors}; the request id is one of the documentation's.`,
      replies: [reply],
      expect,
    }),
  );
  const plain = { source: "constructed", note: "Made after the documented rules." } as const;
  const ok = envelope({ CountOfEventsToPull: 1, RequestId: requestId });
  const result = { result: { CountOfEventsToPull: 1, RequestId: requestId } };
  return [
    ...cassettes,
    vodCassette({
      ...plain,
      name: "vod/temporary-credentials",
      description: "Temporary keys send their token, which is not signed",
      action: "DescribeEventsState",
      params: {},
      keys: temporaryKeys,
      replies: [ok],
      expect: result,
    }),
    vodCassette({
      ...plain,
      name: "vod/minimal-signed-headers",
      description: "The other documented list of signed headers: content-type and host",
      action: "DescribeEventsState",
      params: {},
      signedHeaders: ["content-type", "host"],
      replies: [ok],
      expect: result,
    }),
    vodCassette({
      ...plain,
      name: "vod/retry-after-502",
      description: "An action without effect is sent again, signed again, after a gateway's 502 and a reset",
      action: "DescribeEventsState",
      params: {},
      attempts: 3,
      replies: [html(502, "Bad Gateway"), { fault: "reset-before-response" }, ok],
      expect: result,
    }),
  ];
}
