// node --import: writes every session token and temporary key that the program reads into the file TOKENS.
import { appendFileSync } from "node:fs";

const parse = JSON.parse;
JSON.parse = (text, reviver) =>
  parse(text, (name, value) => {
    if (name === "Token" || name === "SecretKey") appendFileSync(process.env.TOKENS, `${value}\n`);
    return reviver === undefined ? value : reviver(name, value);
  });
