// Calls methods of cos-nodejs-sdk-v5 one after another. The job comes as JSON in argv[2]: { options?, calls: [[method,
// params] …] }; a param { "$file": PATH } becomes the file's bytes. The answers go to stdout as a JSON array; an error
// counts as an answer { error: { code, statusCode } }.
"use strict";
const { readFileSync } = require("node:fs");
const COS = require("cos-nodejs-sdk-v5");

const { options, calls } = JSON.parse(process.argv[2]);
const cos = new COS({ SecretId: process.env.SECRET_ID, SecretKey: process.env.SECRET_KEY, ...options });

function withFiles(params) {
  const entries = Object.entries(params).map(([name, value]) => [
    name,
    value?.$file ? readFileSync(value.$file) : value,
  ]);
  return Object.fromEntries(entries);
}

async function run() {
  const answers = [];
  for (const [method, params] of calls) {
    try {
      answers.push(await cos[method](withFiles(params)));
    } catch (error) {
      answers.push({ error: { code: error.code, statusCode: error.statusCode, message: error.message } });
    }
  }
  console.log(JSON.stringify(answers));
}

void run();
