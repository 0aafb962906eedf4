import type { Arguments } from "../args.ts";
import type { Command } from "../command.ts";
import type { CosRequest } from "../../signing/index.ts";
import { UsageError } from "../args.ts";
import { parseInteger } from "../numbers.ts";
import { nowSeconds, readHeaders, readPairs, readRequest, signingCredentials, stagesText } from "../signing-input.ts";

type Flag = "method" | "path" | "query" | "header" | "start-time" | "end-time";

/** How long a signature of now is good for, unless told otherwise. */
const lifeSeconds = 900;

/** `vodup sign cos`. The signKey is left out: within its time it signs any request. */
export const signCosCommand: Command<Flag | "json"> = {
  spec: {
    name: "sign cos",
    operands: "[-]",
    summary: "sign an object storage request (COS signature v5) and print every stage",
    count: { least: 0, most: 1 },
    flags: {
      method: { value: "METHOD", summary: "default GET" },
      path: { value: "/KEY", summary: "decoded, beginning with a slash" },
      query: { value: "NAME[=VALUE]", summary: "decoded query parameter; may be repeated" },
      header: { value: '"NAME: VALUE"', summary: "header to sign; may be repeated" },
      "start-time": { value: "SECONDS", summary: "default now" },
      "end-time": { value: "SECONDS", summary: `default ${lifeSeconds} s after the start` },
      json: { summary: "the stages as one JSON object" },
    },
    notes: ["Without flags, or with -, the request is read from stdin: JSON in the form of signCos's first argument."],
  },
  run: async (args, terminal) => {
    const { signCos } = await import("../../signing/index.ts");
    const given = await readRequest(!saysRequest(args) || args.operands[0] === "-");
    // What is on stdin is checked field by field by the signer.
    const request = (given ?? fromFlags(args)) as CosRequest;
    const { secretId, secretKey } = await signingCredentials();
    const { signKey: _secret, ...stages } = signCos(request, { secretId, secretKey });
    await terminal.print(args.has("json") ? JSON.stringify(stages) : stagesText(stages));
    return 0;
  },
};

function saysRequest(args: Arguments<Flag>): boolean {
  return (["method", "path", "query", "header", "start-time", "end-time"] as const).some((flag) => args.has(flag));
}

function fromFlags(args: Arguments<Flag>): CosRequest {
  const path = args.text("path");
  if (path === undefined) throw new UsageError("--path must be given: the key with a slash before it, not encoded");
  const seconds = (flag: "start-time" | "end-time", otherwise: number): number => {
    const text = args.text(flag);
    return text === undefined ? otherwise : parseInteger(flag, text, 0, 253_402_300_799);
  };
  const startTime = seconds("start-time", nowSeconds());
  return {
    method: args.text("method") ?? "GET",
    path,
    query: readPairs("query", args.texts("query"), true),
    headers: readHeaders(args.texts("header")),
    startTime,
    endTime: seconds("end-time", startTime + lifeSeconds),
  };
}
