import type { Command } from "../command.ts";
import { givenNumber, entriesOf, textMember } from "../../json.ts";
import { visibleLine } from "../terminal.ts";
import { apiFlags, withConnection, type ApiFlag } from "../with-connection.ts";

/** The most that one request answers. */
const pageSize = 200;

/** `vodup sub-apps`: what may stand behind --sub-app-id. */
export const subAppsCommand: Command<ApiFlag | "json"> = {
  spec: {
    name: "sub-apps",
    operands: "",
    summary: "list the account's VOD applications: SubAppId, status and name, with tabs between",
    count: { least: 0, most: 0 },
    flags: {
      json: { summary: 'NDJSON: {"type":"sub-app","subAppId","name","status","mode","createTime","storageRegions"}' },
      ...apiFlags,
    },
  },
  run: (args, terminal) =>
    withConnection(args, terminal, async ({ client }, { signal }) => {
      let seen = 0;
      for (;;) {
        const page = await client.call("DescribeSubAppIds", { Offset: seen, Limit: pageSize }, { signal });
        const apps = entriesOf(page.SubAppIdInfoSet);
        for (const app of apps) {
          const subAppId = givenNumber(app.SubAppId);
          // Nothing can be asked of one that has no number.
          if (subAppId === undefined) continue;
          const name = textMember(app, "SubAppIdName", "Name") ?? "";
          const status = textMember(app, "Status") ?? "";
          const facts = {
            status,
            mode: textMember(app, "Mode") ?? null,
            createTime: textMember(app, "CreateTime") ?? "",
            storageRegions: (app.StorageRegions || []).filter((region) => region !== ""),
          };
          const line = args.has("json")
            ? JSON.stringify({ type: "sub-app", subAppId, name, ...facts })
            : `${subAppId}\t${visibleLine(status)}\t${visibleLine(name)}`;
          await terminal.print(line);
        }
        seen += apps.length;
        const total = givenNumber(page.TotalCount) ?? (apps.length < pageSize ? seen : Infinity);
        if (apps.length === 0 || seen >= total) return 0;
      }
    }),
};
