// Writes the table of docs/conformance.md: every scenario of the full profile, judged on each client. Run it after
// `npm ci && npm ci --prefix test/interop`; it takes about three minutes. A client whose runtime or SDK is missing keeps
// its column as it is.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freshBuild } from "./fresh-build.mjs";

const root = join(import.meta.dirname, "..");
const page = join(root, "docs/conformance.md");
const flags = ["--media-type", "$VODUP_MEDIA_TYPE", "--part-size", "$VODUP_PART_SIZE"];

/** In the order of the columns. */
const clients = [
  { name: "vodup", command: ["node", "dist/cli/main.js", "upload", "$VODUP_FILE", ...flags], present: () => true },
  {
    name: "vodup_min.py",
    command: ["python3", "examples/python/vodup_min.py"],
    present: () => spawnSync("python3", ["--version"]).status === 0,
  },
  {
    name: "go",
    command: [join(tmpdir(), "vodup-table-go")],
    present: () =>
      spawnSync("go", ["build", "-o", join(tmpdir(), "vodup-table-go"), "./upload"], { cwd: join(root, "examples/go") })
        .status === 0,
  },
  {
    name: "php",
    command: ["php", "examples/php/upload.php"],
    present: () => spawnSync("php", ["--version"]).status === 0,
  },
  {
    name: "vod-node-sdk",
    command: ["node", "test/interop/vendor/conformance.cjs"],
    present: () => existsSync(join(root, "test/interop/node_modules/vod-node-sdk")),
  },
];

/** The report of the judge on one command. */
async function judge({ name, command }) {
  const folder = await mkdtemp(join(tmpdir(), "vodup-table-"));
  try {
    process.stderr.write(`${name}\n`);
    const file = join(folder, "report.json");
    const program = [join(root, "dist/cli/main.js"), "conformance", "--profile", "full", "--json", file];
    const { status } = spawnSync(process.execPath, [...program, "--", ...command], {
      cwd: root,
      stdio: ["ignore", 2, 2],
    });
    if (status !== 0 && status !== 1) throw new Error(`the judge ended with ${status}`);
    return JSON.parse(await readFile(file, "utf8"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function cellOf(scenario) {
  if (scenario.passed) return "pass";
  return [...new Set(scenario.failures.map(({ rule }) => rule.replace("wire ", "")))].join(" ");
}

/** Columns of the page as it is: client → scenario → cell. */
function columnsOf(text) {
  const rows = text.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| ---"));
  const [head = [], ...body] = rows.map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  return new Map(
    head
      .slice(3)
      .map((name, at) => [name, new Map(body.map((cells) => [cells[0].replaceAll("`", ""), cells[at + 3]]))]),
  );
}

await freshBuild();
const text = await readFile(page, "utf8");
const [before, after] = ["<!-- table -->", "<!-- end of table -->"].map((mark) => text.indexOf(mark));
if (before < 0 || after < before) throw new Error("docs/conformance.md has no place for the table");
const columns = columnsOf(text.slice(before, after));
let scenarios = [];
for (const client of clients) {
  if (!client.present()) {
    process.stderr.write(`${client.name} is not there: its column stays\n`);
    continue;
  }
  const report = await judge(client);
  ({ scenarios } = report);
  columns.set(client.name, new Map(report.scenarios.map((scenario) => [scenario.name, cellOf(scenario)])));
}

const names = clients.map(({ name }) => name);
const passed = (name) => [...columns.get(name).values()].filter((cell) => cell === "pass").length;
const rows = [
  ["scenario", "profile", "condition", ...names],
  ["---", "---", "---", ...names.map(() => "---")],
  ...scenarios.map(({ name, profile, summary }) => [
    `\`${name}\``,
    profile,
    summary,
    ...names.map((client) => columns.get(client).get(name) ?? "not judged"),
  ]),
  ["passed", "", "", ...names.map((name) => `${passed(name)} of ${scenarios.length}`)],
];
const table = rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
await writeFile(page, `${text.slice(0, before)}<!-- table -->\n\n${table}\n\n${text.slice(after)}`);
