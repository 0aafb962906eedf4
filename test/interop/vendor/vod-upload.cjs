// Uploads one media with vod-node-sdk as its README shows. The job comes as JSON in argv[2]: { region, request }; the
// answer goes to stdout as JSON.
"use strict";
const { VodUploadClient, VodUploadRequest } = require("vod-node-sdk");

const { region, request } = JSON.parse(process.argv[2]);
const client = new VodUploadClient(process.env.SECRET_ID, process.env.SECRET_KEY);

client.upload(region, Object.assign(new VodUploadRequest(), request), (error, answer) => {
  if (error) {
    console.error(error);
    process.exitCode = 1;
  } else {
    console.log(JSON.stringify(answer));
  }
});
