/**
 * What others saw of the real service, as facts of this suite: what it answers here confirms it, or refutes it. Each
 * with how it is known (docs/wire.md, marks).
 */
export interface SeenByOthers {
  readonly value: string;
  /** As the levels of fixtures/published; `matched-by-programs` is what nobody posted, and programs in use depend on. */
  readonly level: "server-bytes" | "vendor-output" | "matched-by-programs";
  /** An exchange of fixtures/published, or the program. */
  readonly seen: string;
}

export const seenByOthers: Readonly<Record<string, SeenByOthers>> = {
  "apply.no-region": {
    value: "MissingParameter",
    level: "server-bytes",
    seen: "vod-api-applyupload-without-region",
  },
  "apply.unknown-region": {
    value: "InvalidParameterValue",
    level: "server-bytes",
    seen: "vod-api-region-value-refused",
  },
  "auth.unknown-id": {
    value: "AuthFailure.SecretIdNotFound",
    level: "server-bytes",
    seen: "vod-api-secretid-not-found",
  },
  "auth.wrong-key": {
    value: "AuthFailure.SignatureFailure",
    level: "server-bytes",
    seen: "vod-api-signature-failure",
  },
  "auth.wrong-scope-date": {
    value: "AuthFailure.SignatureFailure",
    level: "server-bytes",
    seen: "vod-api-wrong-scope-date",
  },
  "auth.wrong-service": {
    value: "AuthFailure.InvalidAuthorization",
    level: "server-bytes",
    seen: "vod-api-wrong-scope-service",
  },
  "auth.wrong-token": {
    value: "AuthFailure.TokenFailure",
    level: "vendor-output",
    seen: "vod-api-wrong-token",
  },
  "auth.no-timestamp": {
    value: "MissingParameter",
    level: "server-bytes",
    seen: "vod-api-missing-timestamp",
  },
  "certificate.abort": {
    value: "succeeds",
    level: "matched-by-programs",
    seen: "vod-js-sdk-v6 1.8.0",
  },
  "certificate.list-uploads": {
    value: "finds it",
    level: "matched-by-programs",
    seen: "vod-storage-alist-vtencent",
  },
  "commit.cover-url-without-cover": {
    value: '""',
    level: "server-bytes",
    seen: "vod-api-commitupload-no-cover",
  },
  "cos.signature-from-the-past": {
    value: "403 AccessDenied",
    level: "server-bytes",
    seen: "cos-error-request-has-expired-2021",
  },
  "describe.no-region": {
    value: "succeeds",
    level: "matched-by-programs",
    seen: "programs that call DescribeMediaInfos without a region",
  },
  "events.nothing-there": {
    value: "ResourceNotFound",
    level: "matched-by-programs",
    seen: "vod-api-pullevents-no-event",
  },
  "wire.cos.bucket-names-the-first-folder": {
    value: "yes",
    level: "vendor-output",
    seen: "vod-api-session-of-vod-relayed-by-iotvideo",
  },
  "path.holds-file-id": {
    value: "yes",
    level: "server-bytes",
    seen: "vod-api-media-urls",
  },
  "session.refresh": {
    value: "the same object",
    level: "matched-by-programs",
    seen: "vod-storage-oryx-renewal",
  },
  "session.renewed-commits": {
    value: "succeeds",
    level: "matched-by-programs",
    seen: "vod-storage-oryx-renewal",
  },
  "wire.cos.date": {
    value: "always",
    level: "server-bytes",
    seen: "cos-ok-put-2020",
  },
};
