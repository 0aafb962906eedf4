import { finding, type Finding } from "../finding.ts";
import { conditionArose } from "../condition.ts";
import type { Check, Evidence } from "../scenario.ts";

const lastLine = (text: string): string => text.trimEnd().split(/\r?\n/).at(-1) ?? "";
const lastRun = (evidence: Evidence) => evidence.runs.at(-1);

/** The line that says most: programs in some languages end with a stack or a version. */
function complaintOf(stderr: string): string {
  const lines = stderr.split(/\r?\n/).map((line) => line.trim());
  const telling = lines.findLast(
    (line) => /\b\w*(error|exception|panic|failed)\b/i.test(line) && !line.startsWith("at "),
  );
  return (telling ?? lastLine(stderr).trim()).slice(0, longestComplaint);
}

const longestComplaint = 300;

/** The command ran, and ended by itself. */
export const ranToItsEnd: Check = (evidence) =>
  evidence.runs.flatMap((run) => {
    const found: Finding[] = [];
    if (run.startError !== undefined) found.push(finding("18.6", `the command did not start: ${run.startError}`));
    // Who is kept waiting for an answer by the scenario itself is not blamed for waiting.
    const keptWaiting = evidence.requests.some(({ fault, status }) => fault === "hang" && status === 0);
    if (run.killed === "timeout" && !(keptWaiting && evidence.killed === undefined)) {
      const seconds = Math.round(run.durationMs / 1000);
      found.push(finding("18.6", `the command had not ended after ${seconds} s and was killed`));
    }
    if (run.leftProcesses && run.killed === undefined) {
      found.push(finding("18.6", "the command ended, but left a process behind that holds its output open"));
    }
    return found;
  });

const cannotHaveWorked = "exit code 0, although nothing can have been uploaded rightly";

/** How it ended: as the scenario has it. */
export const endedRightly: Check = (evidence, earlier) => {
  const run = lastRun(evidence);
  if (run === undefined || run.killed !== undefined || run.startError !== undefined) return [];
  const { outcome, profile, rules } = evidence.scenario;
  if (run.exitCode === 0)
    return outcome === "failure" ? [finding("18.2", cannotHaveWorked)] : printedFileId(evidence, earlier);
  const printed = evidence.sessions.some(({ fileId }) => fileId === lastLine(run.stdout));
  if (printed) return [finding("18.2", `exit code ${run.exitCode}, but the last line of stdout is a FileId`)];
  // With a reason found, that it failed is a consequence.
  if (outcome !== "success" || earlier.length > 0) return [];
  const said = complaintOf(run.stderr);
  const nothing = evidence.requests.length === 0 ? ", and no request was sent" : "";
  // Under a condition that a client must survive, that is the rule it breaks; before it arose, other reasons count.
  const [condition = "18.1"] = profile === "full" && conditionArose(evidence) ? rules : [];
  return [
    finding(condition, `exit code ${run.exitCode}${nothing}${said === "" ? ", nothing on stderr" : `: ${said}`}`),
  ];
};

function printedFileId(evidence: Evidence, earlier: readonly Finding[]): Finding[] {
  const stdout = lastRun(evidence)?.stdout ?? "";
  const line = lastLine(stdout);
  const [media] = evidence.media;
  if (media === undefined) {
    return earlier.length > 0 ? [] : [finding("18.1", "exit code 0, but no media was committed")];
  }
  if (evidence.media.some(({ fileId }) => fileId === line)) return [];
  if (String(Number(media.fileId)) === line || (line !== "" && Number(line) === Number(media.fileId))) {
    return [finding("3.3", `the FileId ${media.fileId} was printed as ${line}: it exceeds 2^53 and is text`)];
  }
  if (stdout.includes(media.fileId)) {
    return [finding("18.1", "the FileId is on stdout, but not alone on its last line")];
  }
  return [finding("18.1", `the last line of stdout is not the FileId ${media.fileId}: ${JSON.stringify(line)}`)];
}

/** What was committed is the file, once; and where nothing was, what lies at the key shows why. */
export const mediaIsTheFile: Check = (evidence) => {
  const { media, sessions, objects, file, scenario } = evidence;
  const stored = scenario.outcome === "success" ? sessions : media;
  const found = stored.flatMap(({ key }): Finding[] => {
    const object = objects.get(key);
    const at = object === undefined ? undefined : differentAt(object.bytes, file.bytes);
    if (object === undefined || at === undefined) return [];
    const sizes = `${object.bytes.length} bytes stored, ${file.bytes.length} in the file`;
    return [finding("9.1", `the object is not the file: it differs from byte ${at} on (${sizes})`)];
  });
  if (media.length > 1) found.push(finding("10.3", `${media.length} media were committed of one file`));
  if (scenario.outcome === "failure" && media.length > 0) {
    found.push(finding("9.1", "a media was committed that is not whole and verified"));
  }
  return found;
};

function differentAt(stored: Buffer, wanted: Buffer): number | undefined {
  if (stored.equals(wanted)) return undefined;
  const length = Math.min(stored.length, wanted.length);
  for (let index = 0; index < length; index += 1) if (stored[index] !== wanted[index]) return index;
  return length;
}

/** No multipart upload is left open. */
export const nothingLeftOpen: Check = ({ scenario, uploads }, earlier) => {
  if (scenario.mayLeaveParts === true) return [];
  // A client that a mistake of its own has stopped has other worries; clean-up is asked for where failing is right.
  if (scenario.outcome !== "failure" && earlier.length > 0) return [];
  return uploads.map(({ parts }) =>
    finding("9.3", `a multipart upload of ${parts.length} parts was neither completed nor aborted`),
  );
};
