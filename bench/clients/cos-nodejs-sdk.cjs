// cos-nodejs-sdk-v5, the storage half alone: node --require redirect cos-nodejs-sdk.cjs SOURCE
"use strict";
const COS = require("cos-nodejs-sdk-v5");

const { SINK_ORIGIN } = process.env;
const cos = new COS({
  SecretId: "AKIDEXAMPLE",
  SecretKey: "exampleSecretKey",
  Protocol: new URL(SINK_ORIGIN).protocol,
});
const job = { Bucket: "sink-1250000000", Region: "ap-singapore", Key: "bench.mp4", FilePath: process.argv[2] };
cos.sliceUploadFile(job, (error) => {
  if (error) throw error;
  console.log(JSON.stringify({ uploads: 1 }));
});
