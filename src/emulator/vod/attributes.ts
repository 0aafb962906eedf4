import { createHash } from "node:crypto";
import type { JsonObject } from "../json.ts";
import type { VodAction, VodContext } from "./context.ts";
import { fileAttributesComplete } from "./event-bodies.ts";
import { mediaOf } from "./media.ts";
import type { Media } from "./media-library.ts";
import { SessionIds } from "./session-ids.ts";
import type { Task } from "./tasks.ts";
import { checkLength, textOf } from "./validate.ts";

interface Attributes {
  readonly md5: string;
  readonly sha1: string;
}

/** DescribeFileAttributes: a task that finds MD5 and SHA-1 of the stored file (of HLS: the manifest). */
export const describeFileAttributes: VodAction = (call) => {
  const { context, params, subAppId, now } = call;
  const media = mediaOf(call);
  checkLength(params, "SessionContext", 1000);
  checkLength(params, "SessionId", 50);
  const sessionId = textOf(params, "SessionId") ?? "";
  const windowMs = SessionIds.threeDaysMs;
  context.sessionIds.claim({ action: "DescribeFileAttributes", subAppId, sessionId, now, windowMs });
  let found: Attributes | undefined;
  const detail = (task: Task): JsonObject => attributesTask(task, found);
  const { taskId } = context.tasks.start(
    {
      taskId: `${subAppId}-DescribeFileAttributes-${context.ids.hex(32)}t0`,
      taskType: "DescribeFileAttributes",
      field: "DescribeFileAttributesTask",
      subAppId,
      sessionId,
      sessionContext: textOf(params, "SessionContext") ?? "",
      detail,
      onEnd: async (task) => {
        if (task.status === "ABORTED") return;
        found = await hash(context, media);
        task.status = "FINISH";
        context.events.emit(subAppId, fileAttributesComplete(detail(task)), "task");
      },
    },
    media.fileId,
  );
  return { TaskId: taskId };
};

async function hash({ bucket }: VodContext, media: Media): Promise<Attributes | undefined> {
  const object = bucket.object(media.key);
  if (object === undefined || !bucket.store.readable) return undefined;
  const md5 = createHash("md5");
  const sha1 = createHash("sha1");
  for await (const chunk of object.blob.read(0, object.size)) {
    md5.update(chunk);
    sha1.update(chunk);
  }
  return { md5: md5.digest("hex"), sha1: sha1.digest("hex") };
}

function attributesTask(task: Task, found: Attributes | undefined): JsonObject {
  const ended = task.status === "FINISH";
  const failed = ended && found === undefined;
  return {
    TaskId: task.taskId,
    Status: ended ? "FINISH" : "PROCESSING",
    ErrCode: failed ? 70_000 : 0,
    ErrCodeExt: failed ? "InternalError" : "",
    Message: failed ? "internal error" : ended ? "SUCCESS" : "",
    Progress: ended ? 100 : 0,
    FileId: task.fileId,
    Output: found === undefined ? null : { Md5: found.md5, Sha1: found.sha1 },
    SessionId: task.sessionId,
    SessionContext: task.sessionContext,
  };
}
