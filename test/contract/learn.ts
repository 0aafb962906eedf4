/** Finds in what was recorded every value that belongs to an account, before anything of it is written. */
import type { Exchange } from "./recorder.ts";
import type { Pseudonyms } from "./pseudonyms.ts";
import { valueOf } from "./recorder.ts";
import { isRecord, ownWords, parse } from "./subject.ts";

const handles = /^(VodSessionKey|EventHandle|RequestId|.*TaskId|Vid)$/;
const fakeAccount = "1250000000";

export function learn(names: Pseudonyms, exchange: Exchange): void {
  for (const body of [parse(exchange.requestBody), parse(exchange.body)]) learnMembers(names, body);
  for (const header of ["x-cos-request-id", "x-cos-trace-id", "x-tc-traceid", "x-cos-version-id"]) {
    names.label(valueOf(exchange.headers, header) ?? "");
  }
  names.label(new URLSearchParams(exchange.target.split("?")[1] ?? "").get("uploadId") ?? "");
  const document = exchange.host.includes(".cos.") ? exchange.body.toString("utf8") : "";
  for (const [, tag = "", text = ""] of document.matchAll(/<(\w+)>([^<]+)<\/\1>/g)) {
    if (/^(UploadId|RequestId|TraceId)$/.test(tag)) names.label(text);
  }
}

function learnMembers(names: Pseudonyms, value: unknown): void {
  if (Array.isArray(value)) for (const each of value) learnMembers(names, each);
  if (!isRecord(value)) return;
  if (typeof value["SecretId"] === "string" && typeof value["SecretKey"] === "string") {
    const token = typeof value["Token"] === "string" ? value["Token"] : undefined;
    names.keys({ secretId: value["SecretId"], secretKey: value["SecretKey"], token });
  }
  for (const [name, member] of Object.entries(value)) {
    if (typeof member === "string") learnText(names, name, member);
    else if (name === "SubAppId" && typeof member === "number") names.number(member, 1_500_000_001);
    else if (name === "EventHandles" && Array.isArray(member)) learnHandles(names, member);
    else learnMembers(names, member);
  }
}

function learnHandles(names: Pseudonyms, given: readonly unknown[]): void {
  for (const each of given) if (typeof each === "string" && !ownWords.has(each)) names.label(each);
}

function learnText(names: Pseudonyms, name: string, text: string): void {
  if (handles.test(name)) names.label(text);
  if (name === "FileId") names.label(text);
  if (name === "StorageBucket") {
    const [, prefix = "", account = ""] = /^(.*)-(\d{6,})$/.exec(text) ?? [];
    names.replace(account, fakeAccount);
    names.replace(text, `examplebucket-${fakeAccount}`);
    names.replace(`${prefix}-`, "examplebucket-");
  }
  if (/^(Media|Cover)(StoragePath|Url)$/.test(name)) {
    const host = /^https?:\/\/([^/]+)/.exec(text)?.[1];
    if (host !== undefined) names.replace(host, `${fakeAccount}.vod2.myqcloud.com`);
    learnPath(names, text.replace(/^https?:\/\/[^/]+/, ""));
  }
}

/** `/6c0f1c00vodgzp1250000000/dee2125c24820810452266399/f0.mp4` */
function learnPath(names: Pseudonyms, path: string): void {
  for (const element of path.split("/")) {
    const [, hex, fileId] = /^([0-9a-f]{8})(\d{15,20})$/.exec(element) ?? [];
    if (hex !== undefined && fileId !== undefined) {
      names.label(fileId);
      names.label(hex);
      continue;
    }
    const [, stem = "", account] = /^([0-9a-f]{6,}vod[a-z]*)(\d{6,})$/.exec(element) ?? [];
    if (account === undefined) {
      names.label(element.replace(/\.\w+$/, ""));
      continue;
    }
    names.replace(account, fakeAccount);
    names.replace(stem, "6c0f1c00vodgzp");
  }
}
