// What a hostile peer, file or neighbour tries, each against the built command in a process of its own. hostile.mjs makes a
// table of what came of it; test/memory/hostile.test.ts holds it to that.
import { execFileSync, spawn } from "node:child_process";
import { chmod, link, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmulator } from "../../dist/emulator/index.js";

const cli = join(import.meta.dirname, "../../dist/cli/main.js");
const measure = join(import.meta.dirname, "most-memory.cjs");
const limitMs = 60_000;
const mib = 2 ** 20;

/** Starts the command; `ended` has what it said, for how long it ran and the most memory that it held. */
function start({ folder, env }, args) {
  const begun = performance.now();
  const child = spawn(process.execPath, ["--require", measure, cli, ...args], {
    env,
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const texts = ["", "", ""];
  for (const [index, stream] of [child.stdout, child.stderr, child.stdio[3]].entries())
    stream.setEncoding("utf8").on("data", (text) => (texts[index] += text));
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  const ended = new Promise((resolve) => {
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      const [stdout, stderr, memory] = texts;
      const seconds = (performance.now() - begun) / 1000;
      resolve({ code: code ?? signal, stdout, stderr, seconds, mebibytes: Math.round(Number(memory) / 1024) });
    });
  });
  return { child, ended, said: () => texts[1] };
}

/** Does something with an emulator and an empty folder. */
export async function inPlace(attempt) {
  const emulator = await startEmulator();
  const folder = await mkdtemp(join(tmpdir(), "vodup-hostile-"));
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    XDG_STATE_HOME: join(folder, "state"),
    TENCENTCLOUD_SECRET_ID: emulator.secretId,
    TENCENTCLOUD_SECRET_KEY: emulator.secretKey,
    VODUP_VOD_ENDPOINT: emulator.vodEndpoint,
    VODUP_COS_ENDPOINT: emulator.cosEndpoint,
  };
  const place = { emulator, folder, env, at: (name) => join(folder, name) };
  const file = (name, content = "content") => writeFile(place.at(name), content);
  const run = (...args) => start(place, [...args, "--quiet"]).ended;
  try {
    return await attempt({ ...place, file, run, start: (...args) => start(place, args) });
  } finally {
    await emulator.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** An upload to services that give this in place of an operation's answer. */
const answered = (operation, answer) => (place) => {
  place.emulator.setFaults([{ operation, fault: { kind: "answer", status: 200, ...answer } }]);
  return place.file("film.mp4").then(() => place.run("upload", "film.mp4", "--retries=0", "--retry-for=0"));
};
const apiError = (Message) => ({
  body: JSON.stringify({ Response: { Error: { Code: "X", Message }, RequestId: "r" } }),
});

/** An upload of what a web server gives. */
const fetched = (listener) => async (place) => {
  const server = createServer(listener);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const url = `http://127.0.0.1:${server.address().port}/film.mp4`;
    return await place.run("upload", url, "--part-size=1MiB", "--retries=0", "--retry-for=0");
  } finally {
    server.closeAllConnections();
    server.close();
  }
};
/** What it is while it is looked at, and then a range of as many bytes as anybody takes. */
const endlessRange = (request, response) => {
  const [, from] = /bytes=(\d+)-/.exec(request.headers.range ?? "") ?? [];
  const isFirst = request.headers.range?.endsWith("-255") === true;
  response.writeHead(206, { etag: '"1"', "content-range": `bytes ${from}-${isFirst ? 255 : mib - 1}/${3 * mib}` });
  if (isFirst) return response.end("x".repeat(256));
  const more = () => {
    while (!response.destroyed && response.write(Buffer.alloc(65_536)));
  };
  response.on("drain", more);
  return more();
};

const playlist = (...lines) => `#EXTM3U\n${lines.join("\n")}\n`;
const inner = (name) => `#EXT-X-STREAM-INF:BANDWIDTH=1\n${name}`;
const numbers = (count) => Array.from({ length: count }, (_, index) => index);
const grown = (line, ...first) =>
  Object.fromEntries(numbers(90).map((n) => [`${n}.m3u8`, playlist(...first, ...numbers(90).map((m) => line(n, m)))]));
/** An upload of the playlist 0.m3u8 among others. */
const tree = (make) => async (place) => {
  for (const [name, text] of Object.entries(make())) await place.file(name, text);
  return place.run("upload", "0.m3u8");
};

/** An upload whose state is something else. */
const state = (spoil) => async (place) => {
  const { emulator } = place;
  await place.file("film.mp4", Buffer.alloc(2 * mib, 1));
  const args = ["upload", "film.mp4", "--part-size=1MiB", "--retries=0", "--retry-for=0"];
  emulator.setFaults([{ operation: "UploadPart", partNumber: 2, fault: { kind: "reset-before" } }]);
  await place.run(...args);
  emulator.setFaults([]);
  const folder = place.at("state/vodup");
  const name = execFileSync("ls", [folder], { encoding: "utf8" }).match(/\S+\.json/)[0];
  const text = await readFile(join(folder, name), "utf8");
  await rm(join(folder, name));
  await spoil(join(folder, name), text, place);
  return place.start(...args).ended;
};

/** A batch beside whose manifest a neighbour has put something. */
const batch = (plant) => async (place) => {
  await place.file("a.mp4");
  await place.file("films.ndjson", '{"source":"a.mp4"}\n');
  await place.file("victim", "");
  await plant(place);
  const ended = await place.run("batch", "films.ndjson");
  if ((await readFile(place.at("victim"), "utf8")) !== "") throw new Error("the victim was written to");
  return ended;
};

/** `vodup listen`, to which somebody posts. */
const listening = (post) => async (place) => {
  const { child, ended, said } = place.start("listen", "--port=0");
  while (!/http:\/\/\S+/.test(said())) await new Promise((resolve) => setTimeout(resolve, 20));
  const [url] = /http:\/\/\S+/.exec(said());
  const statuses = new Set();
  const send = (body) =>
    fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body })
      .then(({ status }) => statuses.add(status))
      .catch(() => statuses.add(0));
  await post(send);
  child.kill("SIGTERM");
  return { ...(await ended), statuses: [...statuses].sort((a, b) => a - b) };
};
const event = (more) => JSON.stringify({ EventType: "FileDeleted", more });

const secret = (emulator) => [emulator.secretKey, ...emulator.secrets()];

/**
 * `right`: the exit code (of `vodup listen` the statuses) and a word of the message; `most`: MiB that the process may
 * hold. In each case no secret is told and no stack is shown.
 */
export const cases = [
  ["peer", "the API's message: 1 MiB of blanks", answered("ApplyUpload", apiError(" ".repeat(mib))), 1, "failed: X"],
  ["peer", "the API's message: 1 MiB of `&`", answered("ApplyUpload", apiError("&".repeat(mib))), 1, "failed: X"],
  ["peer", "the API's message: escape sequences", answered("ApplyUpload", apiError("\u001b[2J\u202e")), 1, "failed: X"],
  ["peer", "the API: nested 100,000 times", answered("ApplyUpload", { body: "[".repeat(100_000) }), 5, "a gateway"],
  [
    "peer",
    "the storage: 5 MiB in place of an answer",
    answered("PutObject", { status: 400, body: "<".repeat(5 * mib) }),
    1,
    "longer than",
  ],
  [
    "peer",
    "the storage: a document nested 10,000 times",
    answered("PutObject", { status: 400, body: "<a>".repeat(10_000) }),
    1,
    "answered 400",
  ],
  [
    "peer",
    "a URL gives a login page",
    fetched((_, response) => response.end("<!doctype html><p>Log in")),
    3,
    "web page",
  ],
  ["peer", "a URL's range never ends", fetched(endlessRange), 3, "had more"],
  [
    "peer",
    "a URL redirects in a circle",
    fetched((_, response) => response.writeHead(302, { location: "/" }).end()),
    1,
    "redirects",
  ],
  [
    "peer",
    "callbacks: 40 kB of nested arrays",
    listening((send) => send(event(0).replace("0", "[".repeat(20_000) + "]".repeat(20_000)))),
    [400],
    "refused",
  ],
  [
    "peer",
    "callbacks: 60 of 1 MB at once",
    listening((send) => Promise.all(numbers(60).map((id) => send(event(`${id}${"x".repeat(1_000_000)}`))))),
    [200, 503],
    "overloaded",
    400,
  ],
  [
    "file",
    "a playlist of 31 MiB of segments",
    tree(() => ({
      "0.m3u8": playlist(
        numbers(2_000_000)
          .map((n) => `#EXTINF:4,\n${n}`)
          .join("\n"),
      ).slice(0, 31 * mib),
    })),
    3,
    "references",
    700,
  ],
  [
    "file",
    "a playlist of 31 MiB of empty lines",
    tree(() => ({ "0.m3u8": playlist("\n".repeat(31 * mib)) })),
    3,
    "larger than the service takes",
    500,
  ],
  ["file", "90 playlists that all name each other", tree(() => grown((n, m) => inner(`${m}.m3u8?${n}`))), 0, "", 400],
  [
    "file",
    "90 playlists that name each other with other variables each time",
    tree(() => grown((n, m) => inner(`${m}.m3u8?q={$q}${n}`), '#EXT-X-DEFINE:QUERYPARAM="q"')),
    3,
    "1000 manifests",
    400,
  ],
  [
    "file",
    "playlists, 17 deep",
    tree(() => Object.fromEntries(numbers(18).map((n) => [`${n}.m3u8`, playlist(inner(`${n + 1}.m3u8`))]))),
    3,
    "16",
  ],
  [
    "file",
    "playlists of 135 MiB together",
    tree(() =>
      Object.fromEntries(
        numbers(5).map((n) => [`${n}.m3u8`, playlist(inner(`${n + 1}.m3u8`), `# ${"x".repeat(27 * mib)}`)]),
      ),
    ),
    3,
    "134217728 bytes",
    500,
  ],
  [
    "file",
    "a playlist with 10,000 problems",
    tree(() => ({ "0.m3u8": playlist(...numbers(10_000).map((n) => `#EXTINF:4,\n../${n}.ts`)) })),
    3,
    "2000",
  ],
  [
    "file",
    "a playlist that names `../secret`",
    tree(() => ({ "0.m3u8": playlist("#EXTINF:4,\n../secret.ts") })),
    3,
    "leads out",
  ],
  [
    "file",
    'a state that says `{"state":"committed"}`',
    state((path) => writeFile(path, '{"state":"committed"}')),
    0,
    "",
  ],
  ["file", "a state nested 100,000 times", state((path) => writeFile(path, "[".repeat(100_000))), 0, ""],
  [
    "file",
    "a state of 1 TiB",
    state((path) => writeFile(path, "").then(() => truncate(path, 2 ** 40))),
    0,
    "no state can be kept",
  ],
  ["neighbour", "a pipe in place of a state", state((path) => execFileSync("mkfifo", [path])), 0, "not a regular file"],
  [
    "neighbour",
    "a hard link in place of a state",
    state((path, text, place) => place.file("other", text).then(() => link(place.at("other"), path))),
    0,
    "hard link",
  ],
  [
    "neighbour",
    "a state directory that others can write to",
    state((path, text, place) => chmod(place.at("state/vodup"), 0o777)),
    0,
    "written to by others",
  ],
  [
    "neighbour",
    "X.journal is a link to another file",
    batch((place) => symlink("victim", place.at("films.ndjson.journal"))),
    2,
    "symbolic link",
  ],
  [
    "neighbour",
    "X.journal is a hard link to another file",
    batch((place) => link(place.at("victim"), place.at("films.ndjson.journal"))),
    2,
    "hard link",
  ],
  [
    "neighbour",
    "X.journal.lock is a pipe",
    batch((place) => execFileSync("mkfifo", [place.at("films.ndjson.journal.lock")])),
    2,
    "not a regular file",
  ],
  [
    "neighbour",
    "X.journal.state is a link to another folder",
    batch((place) => mkdir(place.at("other")).then(() => symlink("other", place.at("films.ndjson.journal.state")))),
    5,
    "symbolic link",
  ],
].map(([kind, name, attempt, right, word, most = 250]) => ({ kind, name, attempt, right, word, most }));

/** Tries one. @returns what came of it, and what is wrong with that; undefined when it is right */
export async function tried({ attempt, right, word, most }) {
  return inPlace(async (place) => {
    const ended = await attempt(place);
    const { code, stdout, stderr, seconds, mebibytes, statuses } = ended;
    const flaws = [
      JSON.stringify(statuses ?? code) === JSON.stringify(right) ? "" : `ended with ${statuses ?? code}, not ${right}`,
      stderr.includes(word) ? "" : `does not say ${word}`,
      /TypeError|RangeError|\n {4}at /.test(stderr) ? "shows a defect" : "",
      /(?![\t\n])\p{Cc}|\u202e/u.test(stderr + stdout) ? "prints control characters" : "",
      secret(place.emulator).some((one) => (stderr + stdout).includes(one)) ? "tells a secret" : "",
      mebibytes <= most ? "" : `took ${mebibytes} MiB`,
    ].filter((flaw) => flaw !== "");
    return {
      ended,
      flaw: flaws.length === 0 ? undefined : `${flaws.join(", ")}: ${stderr.slice(0, 500)}`,
      seconds,
      mebibytes,
    };
  });
}
