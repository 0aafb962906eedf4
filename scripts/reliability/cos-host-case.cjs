// The same with cos-nodejs-sdk-v5, as far as it has such a thing: { name, Bucket, Region, Key, FilePath, keys } in argv[2].
"use strict";
const { createReadStream } = require("node:fs");
const COS = require("../../test/interop/node_modules/cos-nodejs-sdk-v5");

const { name, keys, FilePath, ...place } = JSON.parse(process.argv[2]);
const { SecretId, SecretKey, Token } = keys;
const cos = new COS({ SecretId, SecretKey, SecurityToken: Token, XCosSecurityToken: Token });
const done = (error) => {
  if (error) {
    console.error(error);
    process.exitCode = 1;
  }
};
if (name === "stream-missing") {
  cos.putObject({ ...place, Body: createReadStream("missing.mp4"), ContentLength: 100 }, done);
} else {
  const onProgress =
    name === "progress-throws"
      ? () => {
          throw new Error("the caller's own");
        }
      : undefined;
  cos.sliceUploadFile({ ...place, FilePath, onProgress }, done);
}
