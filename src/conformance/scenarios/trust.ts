import { notRepeated } from "../checks/retry.ts";
import { dotSegmentsRefused } from "../checks/signing.ts";
import type { LoggedRequest } from "../../emulator/index.ts";
import type { Evidence, Scenario } from "../scenario.ts";

const mebibyte = 2 ** 20;

/** The certificate runs out in the middle: 2 parts later than it began. */
const expiring = {
  profile: "full",
  family: "certificates",
  fileSize: 4 * mebibyte + 40,
  faults: [{ operation: "UploadPart", nth: 3, fault: { kind: "expire-certificate" } }],
  tolerates: ({ code }: { code?: string | undefined }): boolean => code === "ExpiredToken",
} as const;

const hourMs = 60 * 60_000;

/** Milliseconds, an hour at least, until 20:00 UTC: east of Greenwich it is tomorrow then. */
function untilEvening(now: number): number {
  const sinceMidnight = now % (24 * hourMs);
  const evening = 20 * hourMs - sinceMidnight;
  return evening >= hourMs ? evening : evening + 24 * hourMs;
}

/** Refused for its time, by whichever of the two services. */
const outOfTime = ({ code, message = "" }: LoggedRequest): boolean =>
  code === "AuthFailure.SignatureExpire" || code === "RequestTimeTooSkewed" || message.includes("expired");

/** What comes after a clock was corrected has other reasons. */
const endedOutOfTime = ({ requests }: Evidence): boolean => {
  const last = requests.at(-1);
  return last !== undefined && outOfTime(last);
};

/** COS has a clock of its own: the API's Date says nothing about it. */
const cosClock = {
  profile: "full",
  family: "certificates",
  outcome: "success",
  rules: ["6.11", "6.20"],
  fileSize: 70_041,
  tolerates: outOfTime,
  arose: endedOutOfTime,
} as const satisfies Partial<Scenario>;

export const certificates: readonly Scenario[] = [
  {
    ...expiring,
    name: "certificate-expired",
    outcome: "success",
    summary: "the certificate expires between two parts, and a new ApplyUpload renews it",
    rules: ["12.1", "12.2", "6.11"],
    emulator: { faults: expiring.faults },
  },
  {
    ...expiring,
    name: "certificate-other-session",
    outcome: "either",
    summary: "the certificate expires between two parts, and a new ApplyUpload gives another session",
    rules: ["12.2"],
    emulator: { faults: expiring.faults, sessionRefresh: "new-session" },
    // Without a certificate nobody can abort.
    mayLeaveParts: true,
  },
  {
    profile: "full",
    family: "certificates",
    name: "clock-behind",
    outcome: "success",
    summary: "the machine's clock is hours behind the service's, where it is 20:00 UTC",
    rules: ["3.6", "6.11"],
    fileSize: 70_040,
    prepare: (emulator) => emulator.advanceClock(untilEvening(emulator.now())),
    tolerates: outOfTime,
    arose: endedOutOfTime,
  },
  {
    ...cosClock,
    name: "clock-cos-ahead",
    summary: "COS's clock is three hours ahead of the API's and of the machine's",
    emulator: {
      certificateLifeSeconds: 43_200,
      faults: [{ operation: "cos", fault: { kind: "clock-skew", ms: 3 * hourMs } }],
    },
  },
  {
    ...cosClock,
    name: "clock-cos-behind",
    summary: "COS's clock is three hours behind the API's and the machine's",
    emulator: { faults: [{ operation: "cos", fault: { kind: "clock-skew", ms: -3 * hourMs } }] },
  },
];

export const hygiene: readonly Scenario[] = [
  {
    profile: "full",
    family: "hygiene",
    name: "secrets-in-refusal",
    outcome: "either",
    summary: "SignatureDoesNotMatch, whose answer repeats the token",
    rules: ["5.11", "18.5"],
    fileSize: 70_050,
    emulator: { faults: [{ operation: "cos", nth: 1, fault: { kind: "refuse-signature" } }] },
  },
  {
    profile: "full",
    family: "hygiene",
    name: "secrets-in-auth-failure",
    outcome: "failure",
    summary: "the API refuses the key",
    rules: ["11.6", "18.5"],
    fileSize: 70_052,
    emulator: { faults: [{ operation: "vod", fault: { kind: "refuse-signature" } }] },
    checks: [notRepeated()],
  },
  {
    profile: "full",
    family: "hygiene",
    name: "dot-segments",
    outcome: "failure",
    summary: "a storage path with dot segments",
    rules: ["4.3"],
    fileSize: 70_051,
    emulator: { storageFolder: "a/../b/" },
    arose: ({ sessions }) => sessions.length > 0,
    checks: [dotSegmentsRefused],
  },
];
