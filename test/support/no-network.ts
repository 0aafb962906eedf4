import net from "node:net";
import dns from "node:dns";
import { beforeAll } from "vitest";

/** Unit tests talk to loopback only: a name that needs DNS, or any other address, is a mistake in the test. */
const loopback = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|::1)$/;

let guarded = false;

beforeAll(() => {
  // Once for the files that a worker runs.
  if (guarded) return;
  guarded = true;
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]) {
    const first: unknown = Array.isArray(args[0]) ? args[0][0] : args[0];
    const host = typeof first === "object" && first !== null ? (first as { host?: string }).host : undefined;
    if (host !== undefined && !loopback.test(host)) throw new Error(`a unit test tried to reach ${host}`);
    return Reflect.apply(connect, this, args);
  } as typeof connect;
  const lookup = dns.lookup;
  (dns as { lookup: unknown }).lookup = (host: string, ...rest: unknown[]) => {
    if (!loopback.test(host)) throw new Error(`a unit test tried to look up ${host}`);
    return Reflect.apply(lookup, dns, [host, ...rest]);
  };
});
