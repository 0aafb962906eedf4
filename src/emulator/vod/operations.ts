import { BodyTooLarge, type Answer, type Exchange } from "../exchange.ts";
import type { JsonObject } from "../json.ts";
import { redactJson } from "../request-log.ts";
import { describeFileAttributes } from "./attributes.ts";
import type { VodAction, VodContext } from "./context.ts";
import { envelope, VodFailure } from "./envelope.ts";
import { writeNothing } from "./nothing.ts";
import { confirmEvents, describeEventConfig, describeEventsState, modifyEventConfig, pullEvents } from "./events.ts";
import { requestFields } from "./fields.ts";
import { parseStreamingManifest } from "./manifest.ts";
import { deleteMedia, describeMediaInfos, modifyMediaInfo } from "./media.ts";
import { processMediaByProcedure } from "./procedures.ts";
import { pullUpload } from "./pull.ts";
import type { RateLimits } from "./rate-limit.ts";
import { createStorageRegion, describeStorageRegions } from "./region-actions.ts";
import { createSubAppId, describeSubAppIds } from "./sub-app-actions.ts";
import { describeTaskDetail, describeTasks } from "./task-actions.ts";
import { createProcedureTemplate, describeProcedureTemplates } from "./template-actions.ts";
import { applyUpload, commitUpload } from "./upload.ts";
import { checkFields, numberOf, parseParams } from "./validate.ts";
import { verifyTc3 } from "./verify.ts";

const actions: Readonly<Record<string, VodAction>> = {
  ApplyUpload: applyUpload,
  CommitUpload: commitUpload,
  PullUpload: pullUpload,
  ParseStreamingManifest: parseStreamingManifest,
  PullEvents: pullEvents,
  ConfirmEvents: confirmEvents,
  DescribeEventConfig: describeEventConfig,
  ModifyEventConfig: modifyEventConfig,
  DescribeEventsState: describeEventsState,
  DescribeStorageRegions: describeStorageRegions,
  CreateStorageRegion: createStorageRegion,
  DescribeSubAppIds: describeSubAppIds,
  CreateSubAppId: createSubAppId,
  ProcessMediaByProcedure: processMediaByProcedure,
  DescribeTaskDetail: describeTaskDetail,
  DescribeTasks: describeTasks,
  DescribeMediaInfos: describeMediaInfos,
  DeleteMedia: deleteMedia,
  ModifyMediaInfo: modifyMediaInfo,
  CreateProcedureTemplate: createProcedureTemplate,
  DescribeProcedureTemplates: describeProcedureTemplates,
  DescribeFileAttributes: describeFileAttributes,
};

const apiVersion = "2018-07-17";
/** TC3-signed bodies may have 10 MB. */
const maxBody = 10 * 2 ** 20;
/** Actions whose pages call Region required. */
const withRegion = new Set(["ApplyUpload", "CommitUpload"]);
/** Actions that have no SubAppId. */
const withoutSubApp = new Set(["ParseStreamingManifest", "DescribeSubAppIds", "CreateSubAppId"]);

/** Whether a request is one to the API rather than to COS. */
export function isVodRequest(headers: ReadonlyMap<string, string>): boolean {
  const host = headers.get("host") ?? "";
  return (
    headers.has("x-tc-action") || (headers.get("authorization") ?? "").startsWith("TC3-") || /^vod(\.|2\.)/.test(host)
  );
}

/** Verifies, carries out and answers one call. `rates` counts it. */
export async function answerVod(exchange: Exchange, context: VodContext, rates: RateLimits): Promise<Answer> {
  const requestId = context.ids.uuid();
  try {
    const content = await perform(exchange, context, rates);
    return envelope(exchange, requestId, writeNothing(content, context.settings.nothing));
  } catch (error) {
    if (error instanceof VodFailure) return envelope(exchange, requestId, error);
    throw error;
  }
}

async function perform(exchange: Exchange, context: VodContext, rates: RateLimits): Promise<JsonObject> {
  if (exchange.method !== "POST") {
    throw new VodFailure("UnsupportedProtocol", "The emulator takes TC3-signed POST requests only.");
  }
  const body = await readBody(exchange);
  remember(exchange, body);
  verifyTc3(exchange, body, context.account, context.settings);
  const action = actionOf(exchange);
  checkContentType(exchange);
  checkRegion(exchange, action, context);
  rates.count(action, exchange.now);
  const params = parseParams(body);
  checkFields(params, fieldsOf(action, context));
  const subAppId = withoutSubApp.has(action)
    ? context.settings.defaultSubAppId
    : context.subApps.resolve(numberOf(params, "SubAppId"));
  const carryOut = actions[action];
  if (carryOut === undefined) throw invalidAction();
  const gone = new AbortController();
  exchange.response.once("close", () => gone.abort());
  return carryOut({ context, params, subAppId, now: exchange.now, gone: gone.signal });
}

async function readBody(exchange: Exchange): Promise<Buffer> {
  try {
    return await exchange.readBody(maxBody);
  } catch (error) {
    if (!(error instanceof BodyTooLarge)) throw error;
    throw new VodFailure("RequestSizeLimitExceeded", "The request is larger than 10 MB.");
  }
}

/** The log shows what was asked even when the signature was wrong. */
function remember(exchange: Exchange, body: Buffer): void {
  try {
    exchange.entry.json = redactJson(parseParams(body));
  } catch {
    // Not JSON: the action says so, once the signature was right.
  }
}

const invalidAction = (): VodFailure =>
  new VodFailure("InvalidAction", "The request `Action` is invalid or not found.");

function actionOf(exchange: Exchange): string {
  const action = exchange.headers.get("x-tc-action") ?? "";
  const version = exchange.headers.get("x-tc-version");
  if (version === undefined) {
    throw new VodFailure("MissingParameter", "The request is missing a required parameter `Version`.");
  }
  if (version !== apiVersion) throw new VodFailure("NoSuchVersion", `The product vod has no version ${version}.`);
  if (!Object.hasOwn(actions, action)) throw invalidAction();
  return action;
}

function checkContentType(exchange: Exchange): void {
  const type = exchange.headers.get("content-type") ?? "";
  if (!/^application\/json(; ?charset=utf-8)?$/i.test(type)) {
    throw new VodFailure("InvalidParameter", "The Content-Type of a TC3-signed POST must be application/json.");
  }
}

function checkRegion(exchange: Exchange, action: string, { settings }: VodContext): void {
  const region = exchange.headers.get("x-tc-region");
  if (region === undefined && settings.requireRegion && withRegion.has(action)) {
    throw new VodFailure("MissingParameter", "The request is missing a required parameter `Region`.");
  }
  if (region !== undefined && !/^[a-z]{2}-[a-z]+(-[a-z0-9]+)*$/.test(region)) {
    throw settings.unknownRegion === "UnsupportedRegion"
      ? new VodFailure("UnsupportedRegion", `The API does not support the region ${region}.`)
      : new VodFailure(
          "InvalidParameterValue",
          "A value specified in `X-TC-Region` is not valid, is unsupported, or cannot be used.",
        );
  }
}

function fieldsOf(action: string, { settings }: VodContext): Readonly<Record<string, string>> {
  const fields = requestFields[action] ?? {};
  const refreshable = action === "ApplyUpload" && settings.sessionRefresh !== "unknown-parameter";
  return refreshable ? { ...fields, VodSessionKey: "string" } : fields;
}
