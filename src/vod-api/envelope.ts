import type { WireAnswer } from "../http/transport.ts";
import { NetworkError, VodApiError } from "../errors.ts";
import { retryAfterMs } from "../http/answer.ts";
import { hider, withoutSecrets, type Hide } from "../http/redact.ts";
import { classifyApiCode, hintFor, isListedApiCode } from "./error-codes.ts";
import { isPassing } from "../http/status.ts";
import { givenText, isJsonObject, member } from "../json.ts";

/** By how the service answers. */
interface Hides {
  readonly refusal: Hide;
  readonly success: Hide;
}

const noSecrets: Hides = { refusal: hider(), success: hider() };

/**
 * Reads the envelope of an API 3.0 answer. The service answers everything it handles with HTTP 200, errors too; any
 * other status, and any body that is not an envelope, comes from a gateway in between (wire §3.4, §3.5).
 *
 * @param hides take secrets out of what the server says; of a success without those that are spent with it
 * @returns the `Response` object of a success, RequestId included
 * @throws VodApiError the service's own error
 * @throws NetworkError `BAD_ANSWER` for everything else
 */
export function openEnvelope(
  action: string,
  host: string,
  answer: WireAnswer,
  { refusal: hide, success }: Hides = noSecrets,
): Record<string, unknown> {
  const told = (value: unknown): string | undefined => {
    const text = givenText(value);
    return text === undefined ? undefined : hide(text);
  };
  const parsed = parseObject(answer.body);
  const response = parsed?.["Response"];
  if (isJsonObject(response)) {
    const error = response["Error"];
    // Whatever form it has: what is called an error must not pass for a success.
    if (error !== undefined && error !== null && error !== "") {
      throw apiError(action, answer, {
        apiCode: told(member(error, "Code")),
        message: told(member(error, "Message")) ?? told(error),
        requestId: told(response["RequestId"]),
      });
    }
    if (answer.status === 200) return { ...response, ...numberOf(response, success) };
  }
  // API 2.0's form, still given by the old gateway.
  const code = parsed?.["code"];
  if (response === undefined && (typeof code === "number" || typeof code === "string") && String(code) !== "0") {
    const codeDesc = told(parsed?.["codeDesc"]) ?? hide(String(code));
    throw apiError(action, answer, { apiCode: codeDesc, message: told(parsed?.["message"]) });
  }
  throw gatewayError({ action, host, answer, isJson: parsed !== undefined, hide });
}

/** The service's number for the request, of an answer of any kind. */
export function requestIdOf(body: Buffer, hide: Hide): string | undefined {
  const response = parseObject(body)?.["Response"];
  return isJsonObject(response) ? givenText(numberOf(response, hide).RequestId) : undefined;
}

function numberOf(response: Record<string, unknown>, hide: Hide): { RequestId?: string } {
  const id = response["RequestId"];
  return typeof id === "string" ? { RequestId: hide(withoutSecrets(id, secretsIn(response))) } : {};
}

/** What ApplyUpload gives, secret from then on: also in the rest of the same answer. */
export function secretsIn({ VodSessionKey: key, TempCertificate: keys }: Record<string, unknown>): readonly string[] {
  const given = [key, ...(isJsonObject(keys) ? [keys["Token"], keys["SecretKey"]] : [])];
  return given.filter((value) => typeof value === "string");
}

function apiError(
  action: string,
  answer: WireAnswer,
  {
    apiCode,
    message,
    requestId,
  }: {
    readonly apiCode: string | undefined;
    readonly message: string | undefined;
    readonly requestId?: string | undefined;
  },
): VodApiError {
  const code = apiCode ?? "Unknown";
  const hint = hintFor(code, action);
  const byStatus = answer.status !== 200 && isPassing(answer.status) && !isListedApiCode(code);
  const retryable = byStatus || classifyApiCode(code) === "backoff";
  return new VodApiError(
    `${action} failed: ${code}: ${message ?? ""}${hint === undefined ? "" : ` — ${hint}`} (request ${requestId ?? "unknown"})`,
    { action, apiCode: code, requestId, hint, retryAfterMs: retryAfterMs(answer.headers) },
    { retryable },
  );
}

function gatewayError({
  action,
  host,
  answer,
  isJson,
  hide,
}: {
  readonly action: string;
  readonly host: string;
  readonly answer: WireAnswer;
  readonly isJson: boolean;
  readonly hide: Hide;
}): NetworkError {
  const type = hide(answer.headers["content-type"] ?? "no content type");
  const what =
    answer.body.byteLength === 0
      ? "an empty body"
      : isJson
        ? "JSON without a Response"
        : `a body that is not the API's (${type})`;
  return new NetworkError(
    "BAD_ANSWER",
    `${action}: ${host} answered ${answer.status} with ${what}; a gateway or proxy answered, not the service`,
    {
      host,
      phase: "body",
      status: answer.status,
      retryAfterMs: retryAfterMs(answer.headers),
    },
    { retryable: isPassing(answer.status) },
  );
}

function parseObject(body: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
