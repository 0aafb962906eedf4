import type { BatchRules } from "../../batch/batch.ts";
import type { BatchList } from "../../batch/batch-list.ts";
import type { InHand } from "../../batch/in-hand.ts";
import type { UploadOptions } from "../../index.ts";
import type { Arguments } from "../args.ts";
import type { Connection } from "../connection.ts";
import type { Stopping } from "../stopping.ts";
import type { Terminal } from "../terminal.ts";
import type { SharedUploadFlag } from "../upload/flags.ts";

export type BatchFlag =
  | SharedUploadFlag
  | "files"
  | "journal"
  | "report"
  | "api-rate"
  | "changed"
  | "min-age"
  | "include"
  | "exclude"
  | "watch"
  | "wait";

/** One call of `vodup batch`. */
export interface BatchRun {
  readonly args: Arguments<BatchFlag>;
  readonly terminal: Terminal;
  readonly connection: Connection;
  readonly stopping: Stopping;
  readonly note: (text: string) => void;
  readonly inHand: InHand;
  readonly defaults: UploadOptions;
  readonly rules: BatchRules;
  readonly list: BatchList;
}
