import { randomInt } from "node:crypto";
import type { Arguments } from "../args.ts";
import type { Command } from "../command.ts";
import type { ClientUploadParams } from "../../signing/index.ts";
import { parseInteger } from "../numbers.ts";
import { nowSeconds, readPairs, readRequest, signingCredentials, stagesText } from "../signing-input.ts";

type Flag = "expire" | "param";

const dayS = 86_400;

/** `vodup sign client`: the permission that lets one browser or app upload by itself. */
export const signClientCommand: Command<Flag | "json"> = {
  spec: {
    name: "sign client",
    operands: "[-]",
    summary: "create a signature that lets a browser or app upload directly",
    count: { least: 0, most: 1 },
    flags: {
      expire: { value: "SECONDS", summary: "how long it is good for, at most 90 days (default 3600)" },
      param: { value: "NAME=VALUE", summary: "such as procedure=Flow or sourceContext=42; may be repeated, in order" },
      json: { summary: '{"original","signature"}' },
    },
    notes: [
      "secretId, currentTimeStamp, expireTime and random are put in front unless --param names them.\n" +
        "Without flags, or with -, all parameters are read from stdin: a JSON object, signed in its own order.",
    ],
  },
  run: async (args, terminal) => {
    const { signClientUpload } = await import("../../signing/index.ts");
    const given = await readRequest((!args.has("expire") && !args.has("param")) || args.operands[0] === "-");
    const { secretId, secretKey } = await signingCredentials();
    const params = (given ?? fromFlags(args, secretId)) as ClientUploadParams;
    const { original, signature } = signClientUpload(params, secretKey);
    const stages = { original, signature };
    await terminal.print(args.has("json") ? JSON.stringify(stages) : stagesText(stages));
    return 0;
  },
};

function fromFlags(args: Arguments<Flag>, secretId: string): ClientUploadParams {
  const now = nowSeconds();
  const life = parseInteger("expire", args.text("expire") ?? "3600", 1, 90 * dayS);
  const named = readPairs("param", args.texts("param"), false);
  const usual = { secretId, currentTimeStamp: now, expireTime: now + life, random: randomInt(2 ** 32) };
  return { ...usual, ...named };
}
