// Preloaded into a vendor SDK's process (node --require): every connection, whatever host it names, goes to the
// emulator's port on 127.0.0.1. The host name stays in SNI, in the Host header and in what is signed, so the SDK believes
// to speak to the service; its own files are not touched. Nothing can leave this machine by mistake.
"use strict";
const net = require("node:net");

const port = Number(process.env.EMULATOR_PORT);
if (!Number.isInteger(port) || port < 1) throw new Error("EMULATOR_PORT is not set");

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function redirected(...args) {
  // net and tls hand over an array of their own, [options, callback], marked by a symbol: changed in place, it stays so.
  const holder = Array.isArray(args[0]) ? args[0] : args;
  if (typeof holder[0] !== "object") throw new Error("a connection that was not asked for with options");
  const { lookup: _lookup, path: _path, ...rest } = holder[0];
  holder[0] = { ...rest, host: "127.0.0.1", port };
  return Reflect.apply(connect, this, args);
};
