// What the page knows, filled by one stream of server-sent events; views are drawn again at most once a frame.
import { useEffect, useState } from "./vendor/preact-hooks.js";

export const state = {
  /** "waiting" until the stream opens, then "live" or "lost". */
  link: "waiting",
  secretId: "",
  faultFields: {},
  operations: [],
  /** Rows of requests in the order of their ids. */
  requests: [],
  sessions: [],
  sessionCount: 0,
  uploads: [],
  media: [],
  events: [],
  faults: [],
  /** By how much the emulator's clock is ahead of this machine's, ms. */
  clockOffset: 0,
};

const byId = new Map();
const bySession = new Map();
const listeners = new Set();
let drawing = false;

function changed() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    for (const listener of listeners) listener();
  });
}

/** Draws the calling component again whenever something has changed; with `everyMs` also as time passes. */
export function useStore(everyMs) {
  const [, draw] = useState(0);
  useEffect(() => {
    const again = () => draw((count) => count + 1);
    listeners.add(again);
    const timer = everyMs === undefined ? undefined : setInterval(again, everyMs);
    return () => {
      listeners.delete(again);
      clearInterval(timer);
    };
  }, [everyMs]);
  return state;
}

/** Epoch milliseconds of the emulator's clock. */
export const emulatorNow = () => Date.now() + state.clockOffset;

/** The requests of one session, in their order. */
export const requestsOf = (fileId) => bySession.get(fileId) ?? [];

export const requestRow = (id) => byId.get(id);

/** A row is replaced, never changed: who holds the old one sees that it is another. */
function take(row) {
  const known = byId.get(row.id);
  byId.set(row.id, row);
  if (known === undefined) state.requests.push(row);
  else state.requests[placeOf(state.requests, row.id)] = row;
  if (row.fileId === undefined) return;
  let own = bySession.get(row.fileId);
  if (own === undefined) bySession.set(row.fileId, (own = []));
  const place = placeOf(own, row.id);
  if (own[place]?.id === row.id) own[place] = row;
  else own.splice(place, 0, row);
}

/** Where `id` is, or belongs, among rows in ascending order. */
function placeOf(rows, id) {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

function forget() {
  byId.clear();
  bySession.clear();
  state.requests = [];
}

/** Opens the stream; it opens again by itself when it was cut. */
export function connect() {
  const stream = new EventSource("/_vodup/stream");
  const on = (name, handle) =>
    stream.addEventListener(name, ({ data }) => {
      handle(JSON.parse(data));
      changed();
    });
  stream.addEventListener("error", () => {
    state.link = "lost";
    changed();
  });
  on("hello", ({ secretId, faultFields, operations }) => {
    // The stream begins with everything there is: after a cut, or for another emulator on this port.
    forget();
    Object.assign(state, { link: "live", secretId, faultFields, operations });
  });
  on("requests", (rows) => {
    for (const row of rows) take(row);
  });
  on("cleared", forget);
  on("sessions", ({ all, shown }) => Object.assign(state, { sessions: shown, sessionCount: all }));
  for (const name of ["uploads", "media", "events", "faults"]) on(name, (value) => (state[name] = value));
  on("clock", (offset) => (state.clockOffset = offset));
}

/** Changes something at the emulator. @returns undefined, or why it was refused */
export async function command(method, path, order) {
  const headers = { "Content-Type": "application/json", "X-Vodup-Control": "1" };
  try {
    // oxlint-disable-next-line unicorn/no-invalid-fetch-options -- never GET
    const answer = await fetch(path, { method, headers, body: order && JSON.stringify(order) });
    if (answer.ok) return undefined;
    const { error } = await answer.json().catch(() => ({}));
    return error ?? `HTTP ${answer.status}`;
  } catch (error) {
    return String(error);
  }
}

/** The account's secret key: fetched when it is asked for, and kept nowhere. */
export async function askSecret() {
  const answer = await fetch("/_vodup/secret", { headers: { "X-Vodup-Control": "1" } });
  return (await answer.json()).secretKey;
}

export async function requestDetail(id) {
  const answer = await fetch(`/_vodup/requests/${id}`);
  return answer.ok ? answer.json() : undefined;
}
