// What can be told of an upload from its session and its requests.
const DONE = new Set(["CompleteMultipartUpload", "PutObject"]);

export const succeeded = (row) => row.status >= 200 && row.status < 300 && row.code === undefined;
export const running = (row) => row.status === 0 && row.durationMs === undefined;
export const refused = (row) => !running(row) && !succeeded(row);

/** The name of an object within its session: the media itself is "". */
const objectOf = (row, session) => (row.key === session.key ? "" : (row.key ?? row.path.slice(1)));

/**
 * One upload. `parts` in order, each `{ name, length, received, tries, state }` with state "flight", "sent", "failed" or
 * "resumed": acknowledged before the client last asked which parts are there.
 */
export function describe(session, rows, openUploads, events) {
  const parts = new Map();
  let [listed, first, last, applies, committed, completed] = [0, undefined, undefined, 0, undefined, undefined];
  for (const row of rows) {
    if (row.operation === "ListParts" && succeeded(row)) listed = row.id;
    if (row.operation === "ApplyUpload" && succeeded(row)) applies += 1;
    if (row.operation === "CommitUpload" && succeeded(row)) committed ??= row;
    if (DONE.has(row.operation) && objectOf(row, session) === "" && succeeded(row)) completed = row;
    if (row.operation !== "UploadPart" && row.operation !== "PutObject") continue;
    first ??= row.time;
    last = row.time + (row.durationMs ?? 0);
    const name = `${objectOf(row, session)}#${row.partNumber ?? ""}`;
    const part = parts.get(name) ?? { name, number: row.partNumber, object: objectOf(row, session), tries: 0, okId: 0 };
    part.tries += 1;
    if (succeeded(row)) part.okId = row.id;
    part.length = row.length;
    part.received = succeeded(row) ? row.length : row.bodyBytes;
    part.state = succeeded(row) ? "sent" : running(row) ? "flight" : part.okId > 0 ? "sent" : "failed";
    parts.set(name, part);
  }
  const all = [...parts.values()].sort((a, b) => a.object.localeCompare(b.object) || (a.number ?? 0) - (b.number ?? 0));
  for (const part of all) if (part.state === "sent" && part.okId < listed) part.state = "resumed";
  const received = all.reduce((sum, { received: got, state }) => sum + (state === "failed" ? 0 : got), 0);
  const isRunning = all.some(({ state }) => state === "flight");
  const open = openUploads.filter(({ key }) => key === session.key || key === session.coverKey);
  const event = events.find(({ fileId, type }) => fileId === session.fileId && type === "NewFileUpload");
  const end = isRunning ? undefined : last;
  return {
    parts: all,
    received,
    first,
    end,
    applies,
    committed,
    completed,
    open,
    event,
    isRunning,
    requests: rows.length,
  };
}

/** At most `most` cells for a bar: of many parts, several make one, which shows the worst of them. */
export function cellsOf(parts, most) {
  const per = Math.ceil(parts.length / most);
  const worst = ["failed", "flight", "sent", "resumed"];
  return Array.from({ length: Math.ceil(parts.length / per) }, (_, index) => {
    const some = parts.slice(index * per, (index + 1) * per);
    const state = worst.find((one) => some.some((part) => part.state === one)) ?? "sent";
    return { state, retried: some.some(({ tries }) => tries > 1), some };
  });
}
