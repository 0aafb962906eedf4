import type { JsonObject } from "../json.ts";
import type { Identifiers } from "../random.ts";
import type { VodAction } from "./context.ts";
import type { SubApp, SubApps } from "./sub-apps.ts";
import { isoTime } from "./time.ts";
import { checkLength, numberOf, objectsOf, textOf } from "./validate.ts";

/** DescribeSubAppIds. */
export const describeSubAppIds: VodAction = ({ context, params }) => {
  const wantedName = textOf(params, "Name");
  const tags = objectsOf(params, "Tags");
  const hasTag = (app: SubApp, tag: JsonObject): boolean =>
    app.tags.some((one) => one["TagKey"] === tag["TagKey"] && one["TagValue"] === tag["TagValue"]);
  const matching = context.subApps
    .list()
    .filter((app) => (wantedName === undefined || app.name === wantedName) && tags.every((tag) => hasTag(app, tag)));
  const offset = numberOf(params, "Offset") ?? 0;
  const page = matching.slice(offset, offset + Math.min(numberOf(params, "Limit") ?? 200, 200));
  return { SubAppIdInfoSet: page.map(subAppInfo), TotalCount: matching.length };
};

function subAppInfo(app: SubApp): JsonObject {
  return {
    SubAppId: app.id,
    SubAppIdName: app.name,
    Name: app.name,
    Description: app.description,
    CreateTime: isoTime(app.createTime),
    Status: "On",
    Mode: app.mode,
    StorageRegions: app.storageRegions,
    Tags: app.tags,
  };
}

/** CreateSubAppId. */
export const createSubAppId: VodAction = ({ context, params }) => {
  checkLength(params, "Name", 40);
  const id = nextId(context.ids, context.subApps);
  context.subApps.create({
    id,
    name: textOf(params, "Name") ?? "",
    description: textOf(params, "Description") ?? "",
    mode: textOf(params, "Mode") ?? "fileid",
    storageRegions: [textOf(params, "StorageRegion") ?? context.regions.defaultRegion],
    tags: objectsOf(params, "Tags"),
  });
  return { SubAppId: id };
};

/** As the real ones: above 1.5 billion. */
function nextId(ids: Identifiers, subApps: SubApps): number {
  for (;;) {
    const id = 1_500_000_000 + Number(ids.digits(7));
    if (!subApps.list().some((app) => app.id === id)) return id;
  }
}
