// Preloaded into a vendor SDK's process (node --require): every connection, whatever host it names, goes to the
// emulator's port on 127.0.0.1. The host name stays in SNI, in the Host header and in what is signed, so the SDK believes
// to speak to the service; its own files are not touched. Nothing can leave this machine by mistake.
"use strict";
const net = require("node:net");

const port = Number(process.env.EMULATOR_PORT);
if (!Number.isInteger(port) || port < 1) throw new Error("EMULATOR_PORT is not set");

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function redirected(...args) {
  // net.connect() hands over its arguments normalised: [[options, callback]].
  const normalised = Array.isArray(args[0]);
  const given = normalised ? args[0][0] : args[0];
  if (typeof given !== "object" || given === null) throw new Error("a connection that was not asked for with options");
  const { lookup: _lookup, path: _path, ...rest } = given;
  const options = { ...rest, host: "127.0.0.1", port };
  if (!normalised) return Reflect.apply(connect, this, [options, ...args.slice(1)]);
  // The symbol that marks the normalised form must survive.
  const pair = Object.assign(
    [...args[0]],
    Object.fromEntries(Object.getOwnPropertySymbols(args[0]).map((symbol) => [symbol, args[0][symbol]])),
  );
  pair[0] = options;
  return Reflect.apply(connect, this, [pair, ...args.slice(1)]);
};
