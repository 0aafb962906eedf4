import type { Arguments } from "../args.ts";
import type { Command } from "../command.ts";
import type { Tc3Request } from "../../signing/index.ts";
import { parseInteger } from "../numbers.ts";
import { nowSeconds, readHeaders, readRequest, signingCredentials, stagesText } from "../signing-input.ts";

type Flag = "host" | "action" | "method" | "path" | "query" | "header" | "body" | "service" | "timestamp";

/** `vodup sign tc3`: every stage, for finding the first one in which another implementation differs. */
export const signTc3Command: Command<Flag | "json"> = {
  spec: {
    name: "sign tc3",
    operands: "[-]",
    summary: "sign an API request (TC3-HMAC-SHA256) and print every stage",
    count: { least: 0, most: 1 },
    flags: {
      host: { value: "HOST", summary: "Host header, with its port (default vod.intl.tencentcloudapi.com)" },
      action: { value: "NAME", summary: "value of the x-tc-action header" },
      method: { value: "METHOD", summary: "default POST" },
      path: { value: "PATH", summary: "default /" },
      query: { value: "TEXT", summary: "query as sent, without the question mark" },
      header: { value: '"NAME: VALUE"', summary: "may be repeated (default content-type: application/json)" },
      body: { value: "TEXT", summary: "default empty" },
      service: { value: "NAME", summary: "default vod" },
      timestamp: { value: "SECONDS", summary: "X-TC-Timestamp (default now)" },
      json: { summary: "the stages as one JSON object" },
    },
    notes: ["Without flags, or with -, the request is read from stdin: JSON in the form of signTc3's first argument."],
  },
  run: async (args, terminal) => {
    const { signTc3 } = await import("../../signing/index.ts");
    const given = await readRequest(!saysRequest(args) || args.operands[0] === "-");
    // What is on stdin is checked field by field by the signer.
    const request = (given ?? fromFlags(args)) as Tc3Request;
    const { secretId, secretKey } = await signingCredentials();
    const stages = { ...signTc3(request, { secretId, secretKey }) };
    await terminal.print(args.has("json") ? JSON.stringify(stages) : stagesText(stages));
    return 0;
  },
};

function saysRequest(args: Arguments<Flag>): boolean {
  const flags = ["host", "action", "method", "path", "query", "header", "body", "service", "timestamp"] as const;
  return flags.some((flag) => args.has(flag));
}

function fromFlags(args: Arguments<Flag>): Tc3Request {
  const timestamp = args.text("timestamp");
  const action = args.text("action");
  return {
    method: args.text("method") ?? "POST",
    host: args.text("host") ?? "vod.intl.tencentcloudapi.com",
    path: args.text("path"),
    query: args.text("query"),
    headers: {
      "content-type": "application/json",
      ...(action === undefined ? {} : { "x-tc-action": action }),
      ...readHeaders(args.texts("header")),
    },
    body: args.text("body") ?? "",
    service: args.text("service") ?? "vod",
    timestamp: timestamp === undefined ? nowSeconds() : parseInteger("timestamp", timestamp, 0, 253_402_300_799),
  };
}
