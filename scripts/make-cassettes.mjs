/**
 * Writes fixtures/cassettes/{vod,cos,upload,published} from the definitions in test/cassettes, contract/ from the
 * contract suite's scenarios asked of the emulator, the tables of fixtures/README.md, and checks what it wrote.
 *
 *   node scripts/make-cassettes.mjs
 *
 * The definitions are TypeScript and sign with src/signing, so they run under the test runner; the same test without
 * UPDATE_CASSETTES proves that the committed files are the ones this script writes.
 */
import { spawnSync } from "node:child_process";

const tests = ["test/cassettes", "test/contract/cassettes", "test/fixtures/published"];
const projects = ["--project", "unit", "--project", "contract"];
const { status } = spawnSync("npx", ["vitest", "run", ...projects, ...tests], {
  cwd: new URL("..", import.meta.url),
  env: { ...process.env, UPDATE_CASSETTES: "1" },
  stdio: "inherit",
});
process.exitCode = status ?? 1;
