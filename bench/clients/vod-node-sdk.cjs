// vod-node-sdk, as its README shows: node --require redirect vod-node-sdk.cjs SOURCE [list=FILE files=N]
"use strict";
const { readFileSync } = require("node:fs");
const { VodUploadClient, VodUploadRequest } = require("vod-node-sdk");

const [source, ...settings] = process.argv.slice(2);
const options = Object.fromEntries(settings.map((text) => text.split("=")));
const files = options.list === undefined ? [source] : readFileSync(options.list, "utf8").trim().split("\n");
const client = new VodUploadClient("AKIDEXAMPLE", "exampleSecretKey");
let uploads = 0;

function next() {
  const file = files.shift();
  if (file === undefined) return;
  const request = new VodUploadRequest();
  request.MediaFilePath = file;
  client.upload("ap-singapore", request, (error) => {
    if (error) throw error;
    uploads += 1;
    if (files.length === 0) console.log(JSON.stringify({ uploads }));
    next();
  });
}
for (let index = 0; index < Number(options.files ?? 1); index += 1) next();
