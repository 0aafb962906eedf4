import type { UploadOptions } from "../index.ts";
import type { Arguments } from "./args.ts";
import type { Connection } from "./connection.ts";
import type { Stopping } from "./stopping.ts";
import type { UploadFlag } from "./upload-flags.ts";
import type { UploadOutput } from "./upload-output.ts";

/** What all sources of a command line share, but for the output. */
export interface UploadTask {
  readonly args: Arguments<UploadFlag>;
  readonly options: UploadOptions;
  readonly connection: Connection;
  readonly run: Stopping;
  readonly output: UploadOutput;
}
