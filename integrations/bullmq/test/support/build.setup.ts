import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** Workers are processes of the built package: it is built anew, and never an old one is tested. */
export default function setup(): void {
  const cwd = join(import.meta.dirname, "../..");
  execFileSync("npm", ["run", "--silent", "build"], { cwd, stdio: ["ignore", "ignore", "inherit"] });
}
