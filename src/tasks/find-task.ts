import type { TaskApi, TaskCallOptions } from "./options.ts";
import type { DescribeTasksRequest, TaskSimpleInfo } from "../vod-api/types-tasks.ts";
import { givenText, entriesOf } from "../json.ts";
import { parseSubAppId } from "../vod-api/client.ts";

/** Pages of 100 (vod DescribeTasks); beyond, a task is not worth looking for one by one. */
const mostPages = 50;

/** The first task of the last 3 days that fits, newest first. */
export async function findTask(
  api: TaskApi,
  query: Pick<DescribeTasksRequest, "FileId">,
  fits: (task: TaskSimpleInfo) => boolean,
  options: TaskCallOptions,
): Promise<TaskSimpleInfo | undefined> {
  const SubAppId = parseSubAppId("subAppId", options.subAppId);
  let token: string | undefined;
  for (let page = 0; page < mostPages; page += 1) {
    const { TaskSet, ScrollToken } = await api.call(
      "DescribeTasks",
      { ...query, SubAppId, Limit: 100, Sort: { Field: "CreateTime", Order: "Desc" }, ScrollToken: token },
      { signal: options.signal },
    );
    const tasks = entriesOf(TaskSet);
    const found = tasks.find((task) => givenText(task.TaskId) !== undefined && fits(task));
    token = givenText(ScrollToken);
    if (found !== undefined || token === undefined || tasks.length === 0) return found;
  }
  return undefined;
}
