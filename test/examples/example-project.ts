import { cp } from "node:fs/promises";
import { join } from "node:path";
import type { EmulatorOptions } from "../../src/emulator/index.ts";
import { root } from "../support/markdown.ts";
import { openProject, type UserProject } from "../support/user-project.ts";

/** A user's project with the example programs copied into it, and the sample media beside them. */
export async function openExamples(options: EmulatorOptions = {}): Promise<UserProject> {
  const project = await openProject(options);
  await cp(join(root, "examples"), project.folder, {
    recursive: true,
    filter: (path) => !path.includes("node_modules") && !path.endsWith("package.json"),
  });
  await cp(join(root, "fixtures/media"), join(project.folder, "media"), { recursive: true });
  return project;
}
