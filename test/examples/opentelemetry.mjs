// node test/examples/opentelemetry.mjs: runs examples/opentelemetry against the built package, in a folder of its own
// below the system's temporary folder, with the packages that its lock file names.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { freshBuild } from "../../scripts/fresh-build.mjs";

const root = join(import.meta.dirname, "../..");
const lock = createHash("sha256").update(readFileSync(join(root, "examples/opentelemetry/package-lock.json")));
const folder = join(tmpdir(), `vodup-opentelemetry-${userInfo().uid}-${lock.digest("hex").slice(0, 8)}`);

/** @returns {string} what it printed */
function run(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: "utf8", timeout: 120_000 });
  assert.equal(status, 0, `${command} ${args[0]}: ${stdout}${stderr}`);
  return stdout;
}

await freshBuild();
mkdirSync(folder, { recursive: true, mode: 0o700 });
cpSync(join(root, "examples/opentelemetry"), folder, {
  recursive: true,
  filter: (path) => !path.endsWith("node_modules"),
});
// npm would take the link for a package that its lock file does not name.
rmSync(join(folder, "node_modules/vodup"), { force: true });
if (!existsSync(join(folder, "node_modules"))) run("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
symlinkSync(root, join(folder, "node_modules/vodup"), "junction");

const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
const strictly =
  "--strict --noUncheckedIndexedAccess --allowJs --checkJs --noEmit --skipLibCheck --module nodenext --target es2023";
const types = ["--types", "node", "--typeRoots", join(root, "node_modules/@types")];
run(process.execPath, [tsc, ...strictly.split(" "), ...types, "main.mjs", "spans.mjs"]);

const spans = run(process.execPath, ["main.mjs"])
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));
const named = (name) => spans.filter((span) => span.name === name);

const [job] = named("job");
const [upload] = named("vodup upload");
assert.equal(job.parentSpanId, undefined);
assert.equal(upload.parentSpanId, job.spanId);
assert.deepEqual(upload.events, ["apply", "transfer", "retry", "commit"]);
assert.equal(upload.failed, false);
assert.match(upload.attributes["vodup.file_id"], /^\d+$/);
assert.equal(upload.attributes["vodup.total_bytes"], 3 * 2 ** 20);

const requests = spans.filter((span) => span !== job && span !== upload);
assert.deepEqual(
  requests.map(({ name }) => name),
  [
    "ApplyUpload",
    "InitiateMultipartUpload",
    ...Array.from({ length: 4 }, () => "UploadPart"),
    "CompleteMultipartUpload",
    "CommitUpload",
  ],
);
for (const span of requests) {
  assert.equal(span.parentSpanId, upload.spanId);
  assert.equal(span.traceId, job.traceId);
  const status = span.attributes["http.response.status_code"];
  assert.equal(span.failed, status === 503);
  if (status === 200) assert.match(span.attributes["vodup.request_id"], /^[\w=-]+$/);
}
assert.equal(requests.filter(({ failed }) => failed).length, 1);
assert.doesNotMatch(JSON.stringify(spans), /q-signature|q-ak|TC3|AKID/);
console.log(`${spans.length} spans as expected`);
