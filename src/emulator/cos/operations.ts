import type { Answer, Exchange } from "../exchange.ts";
import type { CosContext } from "./context.ts";
import { listMultipartUploads } from "./list-uploads.ts";
import { abort, complete, initiate, listParts, uploadPart } from "./multipart.ts";
import { getObject, headObject, putObject } from "./objects.ts";
import { answer, CosFailure, refuse, type CosResult } from "./respond.ts";
import { verifyCos, type CosPrincipal } from "./verify.ts";

type Operation = (exchange: Exchange, principal: CosPrincipal, context: CosContext) => Promise<CosResult>;

const operations: Readonly<Record<string, Operation>> = {
  PutObject: putObject,
  HeadObject: headObject,
  GetObject: getObject,
  InitiateMultipartUpload: initiate,
  UploadPart: uploadPart,
  ListParts: listParts,
  CompleteMultipartUpload: complete,
  AbortMultipartUpload: abort,
  ListMultipartUploads: listMultipartUploads,
};

/** The operation a request line means; "Unknown" for what the emulator does not have. */
export function cosOperation(method: string, rawPath: string, query: ReadonlyMap<string, string>): string {
  const onObject = rawPath !== "/";
  if (query.has("uploads")) {
    if (method === "POST" && onObject) return "InitiateMultipartUpload";
    return method === "GET" && !onObject ? "ListMultipartUploads" : "Unknown";
  }
  if (!onObject) return "Unknown";
  if (query.has("uploadId")) {
    const withUpload: Readonly<Record<string, string>> = {
      PUT: "UploadPart",
      GET: "ListParts",
      POST: "CompleteMultipartUpload",
      DELETE: "AbortMultipartUpload",
    };
    return withUpload[method] ?? "Unknown";
  }
  const plain: Readonly<Record<string, string>> = { PUT: "PutObject", HEAD: "HeadObject", GET: "GetObject" };
  return plain[method] ?? "Unknown";
}

/** Verifies, carries out and answers one request to COS. */
export async function answerCos(exchange: Exchange, context: CosContext): Promise<Answer> {
  try {
    const principal = verifyCos(exchange, context);
    const operation = operations[exchange.entry.operation];
    if (operation === undefined || exchange.headers.has("x-cos-copy-source")) {
      throw new CosFailure(501, "NotImplemented", "The emulator does not have this operation.");
    }
    const { fault } = exchange;
    if (fault?.kind === "late-error") {
      await exchange.drain();
      throw new CosFailure(200, fault.code, fault.message ?? "We encountered an internal error. Please try again.");
    }
    return answer(exchange, context.ids, await operation(exchange, principal, context));
  } catch (error) {
    if (error instanceof CosFailure) return refuse(exchange, context.ids, error);
    throw error;
  }
}
