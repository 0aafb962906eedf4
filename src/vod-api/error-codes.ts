/**
 * What to do about the error codes of API 3.0, and what to tell the user. Classes and meanings are those of the common
 * error-code page (document 266/70594) and of the codes listed per action in the vendor's Go SDK 1.3.166. Messages are
 * never looked at: they change with the language and over time.
 */

/** One error code, or a family of them. */
export interface ApiCodeRule {
  /** Dotted code, e.g. `AuthFailure.SignatureExpire`. */
  readonly code: string;
  /** `prefix` also covers every code that continues after a dot: `InternalError` covers `InternalError.DBError`. */
  readonly match: "exact" | "prefix";
  /**
   * - `never`: the same request fails again.
   * - `backoff`: a passing fault; `InternalError` may have had an effect, so only idempotent actions are repeated.
   * - `resync-clock-once`: learn the service's time from its Date header, sign again.
   * - `refresh-credentials-once`: fetch new credentials, sign again.
   * - `caller`: the code does not say; the one who knows the action decides.
   */
  readonly retry: "never" | "backoff" | "resync-clock-once" | "refresh-credentials-once" | "caller";
  /** What to check, for people; `{action}` stands for the action's name. */
  readonly hint?: string | undefined;
}

const subAppHint =
  "accounts opened since 2023-12-25 must send SubAppId in every call, for the default application too: set it to the id of an application of this account";
const storageRegionHint =
  "the storage region may not be opened for this application: open it in the console, or with CreateStorageRegion (5 to 10 minutes, cannot be undone); DescribeStorageRegions lists them";
const procedureHint = "check that the task flow exists in this application (DescribeProcedureTemplates)";
const mediaTypeHint = "the type must be one of the documented file extensions, without the dot";
const professionalHint =
  "if the application is a Professional one, it is uploaded to in another way (API 2024-07-18), which vodup does not have";
const forgottenTaskHint = "the service forgets tasks after 3 days";
const activationHint = `Video on Demand may not be activated for this account; or else, ${subAppHint}`;

export const apiCodeRules: readonly ApiCodeRule[] = [
  { code: "ActionOffline", match: "prefix", retry: "never" },
  { code: "AuthFailure.InvalidAuthorization", match: "exact", retry: "never" },
  {
    code: "AuthFailure.InvalidSecretId",
    match: "exact",
    retry: "never",
    hint: "this is not a key for the cloud API: create one under Access Management, API Keys",
  },
  {
    code: "AuthFailure.MFAFailure",
    match: "exact",
    retry: "never",
    hint: "the user must confirm each use with a second factor; use the key of one who need not, or temporary credentials",
  },
  {
    code: "AuthFailure.SecretIdNotFound",
    match: "exact",
    // A key that was rotated away looks the same as one that never existed.
    retry: "refresh-credentials-once",
    hint: "the key may be deleted or disabled, or belong to the other site (intl and cn have separate accounts: check the site option); also look for blanks or line ends copied along with it",
  },
  {
    code: "AuthFailure.SignatureExpire",
    match: "exact",
    retry: "resync-clock-once",
    hint: "the clock of this machine is more than 5 minutes off: synchronise it",
  },
  {
    code: "AuthFailure.SignatureFailure",
    match: "exact",
    retry: "never",
    hint: "the secret key may not belong to the secret id, or a proxy may have changed the host, the content type or the body",
  },
  {
    code: "AuthFailure.TokenFailure",
    match: "exact",
    retry: "refresh-credentials-once",
    hint: "the temporary credentials have expired, or the token belongs to another key",
  },
  {
    code: "AuthFailure.UnauthorizedOperation",
    match: "exact",
    retry: "never",
    hint: "the policies of this key do not allow the action: grant name/vod:{action} in CAM, on the application's resource if it is limited to some",
  },
  { code: "DryRunOperation", match: "prefix", retry: "never" },
  { code: "FailedOperation", match: "prefix", retry: "caller" },
  { code: "FailedOperation.CoverType", match: "exact", retry: "never", hint: mediaTypeHint },
  { code: "FailedOperation.InvalidVodUser", match: "exact", retry: "never", hint: activationHint },
  { code: "FailedOperation.MediaType", match: "exact", retry: "never", hint: mediaTypeHint },
  { code: "InternalError", match: "prefix", retry: "backoff" },
  { code: "InvalidAction", match: "prefix", retry: "never" },
  { code: "InvalidParameter", match: "prefix", retry: "never" },
  {
    code: "InvalidParameter.ExpireTime",
    match: "exact",
    retry: "never",
    hint: "ExpireTime must be ISO 8601 and lie in the future",
  },
  { code: "InvalidParameter.StorageRegion", match: "exact", retry: "never", hint: storageRegionHint },
  { code: "InvalidParameterValue", match: "prefix", retry: "never" },
  { code: "InvalidParameterValue.CoverType", match: "exact", retry: "never", hint: mediaTypeHint },
  {
    code: "InvalidParameterValue.ExpireTime",
    match: "exact",
    retry: "never",
    hint: "ExpireTime must be ISO 8601 and lie in the future",
  },
  {
    code: "InvalidParameterValue.MediaStoragePath",
    match: "exact",
    retry: "never",
    hint: 'only applications in "FileID + Path" mode take a path; it must start with / and name a file',
  },
  { code: "InvalidParameterValue.MediaType", match: "exact", retry: "never", hint: mediaTypeHint },
  { code: "InvalidParameterValue.ProcedureName", match: "exact", retry: "never", hint: procedureHint },
  {
    code: "InvalidParameterValue.SessionId",
    match: "exact",
    retry: "never",
    hint: "a request with this SessionId was accepted before: its task exists already",
  },
  { code: "InvalidParameterValue.StorageRegion", match: "exact", retry: "never", hint: storageRegionHint },
  { code: "InvalidParameterValue.SubAppId", match: "exact", retry: "never", hint: subAppHint },
  { code: "InvalidRequest", match: "prefix", retry: "never" },
  { code: "IpInBlacklist", match: "prefix", retry: "never", hint: "the address of this machine is on a deny list" },
  {
    code: "IpNotInWhitelist",
    match: "prefix",
    retry: "never",
    hint: "the address of this machine is not on the account's allow list",
  },
  // A quota, not a rate: unlike RequestLimitExceeded it does not pass.
  { code: "LimitExceeded", match: "prefix", retry: "never", hint: "a quota of the account is used up" },
  { code: "MissingParameter", match: "prefix", retry: "never" },
  { code: "NoSuchProduct", match: "prefix", retry: "never" },
  { code: "NoSuchVersion", match: "prefix", retry: "never" },
  {
    // Its three sub-codes name whose rate it was (account, account over all regions, address).
    code: "RequestLimitExceeded",
    match: "prefix",
    retry: "backoff",
    hint: "too many requests a second ({action} allows 100 for an account unless documented otherwise): start fewer at once",
  },
  {
    code: "RequestSizeLimitExceeded",
    match: "prefix",
    retry: "never",
    hint: "a request may not be larger than 10 MB",
  },
  { code: "ResourceInUse", match: "prefix", retry: "caller" },
  { code: "ResourceInsufficient", match: "prefix", retry: "caller" },
  { code: "ResourceNotFound", match: "prefix", retry: "never" },
  { code: "ResourceNotFound.ServiceNotExist", match: "exact", retry: "never", hint: activationHint },
  { code: "ResourceNotFound.UserNotExist", match: "exact", retry: "never", hint: activationHint },
  { code: "ResourceUnavailable", match: "prefix", retry: "caller" },
  { code: "ResponseSizeLimitExceeded", match: "prefix", retry: "never", hint: "ask for less at once" },
  { code: "ServiceUnavailable", match: "prefix", retry: "backoff" },
  {
    code: "UnauthorizedOperation",
    match: "prefix",
    retry: "never",
    hint: `${subAppHint}; if it is sent, the key lacks a right: grant name/vod:{action} in CAM`,
  },
  { code: "UnknownParameter", match: "prefix", retry: "never" },
  { code: "UnsupportedOperation", match: "prefix", retry: "never" },
  { code: "UnsupportedProtocol", match: "prefix", retry: "never" },
  {
    code: "UnsupportedRegion",
    match: "prefix",
    retry: "never",
    hint: "the region option chooses the API's access point, not where media is stored: ap-singapore and ap-guangzhou work, regions ending in -fsi need their own endpoint",
  },
];

/** Hints for codes that say more when one knows what was asked, by action and code. */
const actionHints: ReadonlyMap<string, string> = new Map([
  // Neither has a code of its own in this action.
  [
    "ApplyUpload FailedOperation",
    `if a storage region was given: ${storageRegionHint}; if a procedure was given: ${procedureHint}`,
  ],
  [
    "CommitUpload ResourceNotFound",
    "nothing is stored at the session's path, or the service no longer knows the session: upload before committing, and commit once",
  ],
  [
    "CommitUpload InvalidParameterValue.VodSessionKey",
    "the session key was changed on its way, has expired, or is another application's",
  ],
  [
    "ParseStreamingManifest InvalidParameterValue.MediaManifestContent",
    "segments must be relative, in the manifest's directory or below; check that the manifest type is right",
  ],
  [
    "ConfirmEvents InvalidParameterValue",
    "events can be confirmed for 30 s after they were pulled, 16 at a time; later they come again under another handle",
  ],
  ["DescribeTaskDetail ResourceNotFound", forgottenTaskHint],
  ["DescribeTaskDetail InvalidParameterValue.TaskId", forgottenTaskHint],
  ["DescribeMediaInfos InvalidParameterValue.FileIdsOverLimit", "at most 20 FileIds at once"],
]);

/** What ApplyUpload may answer for an application it does not serve: which of them is not published (wire §4.10). */
const ofApplication: ReadonlySet<string> = new Set([
  "FailedOperation",
  "FailedOperation.InvalidVodUser",
  "InvalidParameterValue.SubAppId",
  "UnauthorizedOperation",
]);

const exactRules: ReadonlyMap<string, ApiCodeRule> = rulesBy("exact");
const prefixRules: ReadonlyMap<string, ApiCodeRule> = rulesBy("prefix");

function rulesBy(match: ApiCodeRule["match"]): Map<string, ApiCodeRule> {
  return new Map(apiCodeRules.filter((rule) => rule.match === match).map((rule) => [rule.code, rule]));
}

/** The rules that cover a code, the most specific first. */
function rulesFor(apiCode: string): ApiCodeRule[] {
  const rules = [exactRules.get(apiCode)];
  for (let family = apiCode; family !== ""; family = family.slice(0, Math.max(0, family.lastIndexOf(".")))) {
    rules.push(prefixRules.get(family));
  }
  return rules.filter((rule) => rule !== undefined);
}

/**
 * How an API error may be retried; of several rules the most specific counts. A code nobody listed is `never`.
 * wire §3.7, §11.6.
 */
export function classifyApiCode(apiCode: string): ApiCodeRule["retry"] {
  return rulesFor(apiCode)[0]?.retry ?? "never";
}

/** Whether anything is known of a code; where nothing is, the HTTP status has to tell whether a failure passes. */
export function isListedApiCode(apiCode: string): boolean {
  return rulesFor(apiCode).length > 0;
}

/**
 * A sentence for people on what to check after an API error, without capital or full stop; undefined when the code says
 * all there is.
 */
export function hintFor(apiCode: string, action: string): string | undefined {
  const hint =
    actionHints.get(`${action} ${apiCode}`) ?? rulesFor(apiCode).find((rule) => rule.hint !== undefined)?.hint;
  const named = hint?.replaceAll("{action}", () => action);
  return action === "ApplyUpload" && ofApplication.has(apiCode) && named !== undefined
    ? `${named}; ${professionalHint}`
    : named;
}
