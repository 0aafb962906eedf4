// vod-node-sdk as a COMMAND of `vodup conformance`: reads the contract's environment, uploads as the SDK's README shows,
// prints the FileId. The SDK speaks https to the service's own names and nothing else, so its TLS connections are made
// plain ones to the emulator here; its files are not touched, and Host and what is signed stay as they are.
"use strict";
const net = require("node:net");
const tls = require("node:tls");
const { hostname, port } = new URL(process.env.VODUP_VOD_ENDPOINT);
// An IPv6 address stands in brackets in a URL only.
const host = hostname.replace(/^\[(.*)\]$/, "$1");

tls.connect = () => {
  const socket = net.connect({ host, port: Number(port) });
  // What an https client asks of its socket.
  Object.assign(socket, {
    encrypted: true,
    authorized: true,
    getSession: () => undefined,
    isSessionReused: () => false,
  });
  socket.once("connect", () => socket.emit("secureConnect"));
  return socket;
};

require("./sign-with-tc3.cjs");
const { VodUploadClient, VodUploadRequest } = require("vod-node-sdk");

const {
  TENCENTCLOUD_SECRET_ID: secretId,
  TENCENTCLOUD_SECRET_KEY: secretKey,
  VODUP_FILE,
  VODUP_MEDIA_TYPE,
} = process.env;
const request = Object.assign(new VodUploadRequest(), { MediaFilePath: VODUP_FILE, MediaType: VODUP_MEDIA_TYPE });

new VodUploadClient(secretId, secretKey).upload("ap-singapore", request, (error, answer) => {
  if (error) {
    console.error(error);
    process.exitCode = 1;
  } else {
    console.log(answer.FileId);
  }
});
