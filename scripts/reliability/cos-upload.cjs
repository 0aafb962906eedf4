// cos-nodejs-sdk-v5, the storage half alone, with its defaults: { Bucket, Region, Key, FilePath, keys } in argv[2].
"use strict";
const COS = require("../../test/interop/node_modules/cos-nodejs-sdk-v5");

const { keys, ...params } = JSON.parse(process.argv[2]);
const { SecretId, SecretKey, Token } = keys;
const cos = new COS({ SecretId, SecretKey, SecurityToken: Token, XCosSecurityToken: Token });
cos.sliceUploadFile(params, (error) => {
  if (error) {
    console.error(error);
    process.exitCode = 1;
  } else console.log("{}");
});
