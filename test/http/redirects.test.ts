import type { LookupFunction, Socket } from "node:net";
import { connect as connectSocket } from "node:net";
import { Agent, type buildConnector } from "undici";
import { expect, test } from "vitest";
import { defaultLimits } from "../../src/http/limits.ts";
import {
  InternalAddress,
  type AllowRedirect,
  isInternalAddress,
  publicLookup,
  unseenReach,
} from "../../src/http/reach.ts";
import { Transport } from "../../src/http/transport.ts";
import { VodClient } from "../../src/index.ts";
import { atEnd } from "../support/at-end.ts";
import { httpServer } from "../support/raw-servers.ts";

/** Names and the addresses that a connection to them has, one after the other; all of them are one server here. */
type Names = Readonly<Record<string, readonly string[]>>;

/** A server that redirects as its paths say, and whose other paths are content. */
async function site(names: Names, allowRedirect?: AllowRedirect) {
  const asked: string[] = [];
  const server = await httpServer((request, response) => {
    const to = new URL(request.url ?? "", "http://x").searchParams.get("to");
    asked.push(`${request.headers.host ?? ""}${request.url ?? ""}`);
    // Each request by a connection of its own, and so an address of its own.
    response.setHeader("connection", "close");
    if (to === null) response.end("content");
    else response.writeHead(302, { location: to }).end();
  });
  const { port } = new URL(server.origin);
  const turns = new Map<string, number>();
  const connect: buildConnector.connector = ({ hostname }, callback) => {
    const turn = turns.get(hostname) ?? 0;
    turns.set(hostname, turn + 1);
    const socket: Socket = connectSocket({ host: "127.0.0.1", port: Number(port) });
    const addresses = names[hostname] ?? ["203.0.113.1"];
    Object.defineProperty(socket, "remoteAddress", { value: addresses[Math.min(turn, addresses.length - 1)] });
    socket.once("connect", () => callback(null, socket));
  };
  const transport = new Transport({ connect }, defaultLimits, undefined, allowRedirect);
  atEnd(() => transport.close());
  const { signal } = new AbortController();
  const get = async (url: string): Promise<string> => {
    const answer = await transport.download({ url: new URL(url), headers: {}, signal });
    let text = "";
    for await (const chunk of answer.chunks()) text += Buffer.from(chunk).toString();
    return text;
  };
  return { get, asked };
}

const to = (...hops: string[]): string => hops.reduceRight((last, hop) => `${hop}?to=${encodeURIComponent(last)}`);
const refused = {
  code: "BAD_ANSWER",
  retryable: false,
  message: expect.stringContaining("machine or network") as unknown,
};

const internal = [
  "127.0.0.1",
  "127.9.9.9",
  "2130706433",
  "0177.0.0.1",
  "0x7f.1",
  "0",
  "0.0.0.0",
  "10.0.0.1",
  "172.16.0.1",
  "192.168.0.1",
  "169.254.169.254",
  "169.254.0.23",
  "100.100.100.200",
  "255.255.255.255",
  "localhost",
  "LOCALHOST.",
  "a.localhost",
  "metadata.tencentyun.com",
  "[::]",
  "[::1]",
  "[::ffff:127.0.0.1]",
  "[::ffff:a9fe:a9fe]",
  "[fc00::1]",
  "[fd12::1]",
  "[fe80::1]",
  "[64:ff9b::7f00:1]",
];

test.each(internal)("a public server's redirect to %s is refused, and nothing is asked of it", async (host) => {
  const { get, asked } = await site({});
  await expect(get(to("http://public.example/a", `http://${host}/b`))).rejects.toMatchObject(refused);
  await expect(get(to("http://public.example/a", "http://other.example/b", `http://${host}/c`))).rejects.toMatchObject(
    refused,
  );
  expect(asked.filter((one) => !one.includes(".example"))).toEqual([]);
});

test.each(["10.0.0.1", "127.0.0.1", "::1", "::ffff:10.0.0.1", "fe80::1%eth0", "169.254.169.254"])(
  "nor to a name that leads to %s",
  async (address) => {
    const { get, asked } = await site({ "inner.example": [address] });
    await expect(get(to("http://public.example/a", "http://inner.example/b"))).rejects.toMatchObject(refused);
    expect(asked).toHaveLength(1);
  },
);

test("nor to a name that leads to a public address first, and to an internal one when it is connected to", async () => {
  const { get, asked } = await site({ "rebind.example": ["203.0.113.9", "127.0.0.1"] });
  const url = to("http://public.example/a", "http://rebind.example/b");
  expect(await get(url)).toBe("content");
  const before = asked.length;
  await expect(get(to("http://rebind.example/a", "http://rebind.example/b"))).rejects.toMatchObject(refused);
  expect(asked.slice(before).filter((one) => !one.includes("?to="))).toEqual([]);
});

test("a public name, and from one internal address or name to another, is followed", async () => {
  const { get } = await site({ "nexus.corp": ["10.0.0.1"], "files.corp": ["10.0.0.2"], "127.0.0.1": ["127.0.0.1"] });
  expect(await get(to("http://public.example/a", "http://other.example/b"))).toBe("content");
  expect(await get(to("http://nexus.corp/a", "http://files.corp/b"))).toBe("content");
  expect(await get(to("http://127.0.0.1/a", "http://localhost/b"))).toBe("content");
  expect(await get("http://files.corp/b")).toBe("content");
});

test("allowRedirect decides in place of the rule", async () => {
  const asked: string[] = [];
  const { get } = await site({ "inner.example": ["10.0.0.1"] }, async ({ from, to: target }) => {
    asked.push(`${from.host} ${target.host}`);
    return target.host !== "other.example";
  });
  expect(await get(to("http://public.example/a", "http://inner.example/b"))).toBe("content");
  await expect(get(to("http://public.example/a", "http://other.example/b"))).rejects.toMatchObject({
    code: "BAD_ANSWER",
    retryable: false,
    message: expect.stringContaining("redirects to other.example, which allowRedirect refuses") as unknown,
  });
  expect(asked).toEqual(["public.example inner.example", "public.example other.example"]);
});

test("allowRedirect is a function", () => {
  const credentials = { secretId: "AKIDa", secretKey: "b" };
  expect(() => new VodClient({ credentials, allowRedirect: "no" as never })).toThrow(
    expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE" }),
  );
});

const resolving =
  (...addresses: string[]): LookupFunction =>
  (_host, options, callback) => {
    const found = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
    if (options.all === true) callback(null, found);
    else callback(null, found[0]?.address ?? "", found[0]?.family);
  };

test.each([
  [["203.0.113.1"], false],
  [["203.0.113.1", "2001:db8::1"], false],
  [["203.0.113.1", "10.0.0.1"], true],
  [["::1"], true],
])("addresses %j are refused before a connection is made: %s", async (addresses, isRefused) => {
  for (const all of [true, false]) {
    if (!all && addresses.length > 1) continue;
    const error = await new Promise((resolve) =>
      publicLookup(resolving(...addresses))("name.example", { all }, (cause) => resolve(cause)),
    );
    expect(error instanceof InternalAddress).toBe(isRefused);
  }
});

test("an address of no socket counts as internal", () => {
  expect(isInternalAddress(undefined)).toBe(true);
  expect(isInternalAddress("2001:db8::1")).toBe(false);
});

test("through a dispatcher of the caller's own, internal addresses are refused by their text", async () => {
  const server = await httpServer((_, response) => response.end("content"));
  const connect: buildConnector.connector = (_options, callback) => {
    const socket = connectSocket({ host: "127.0.0.1", port: Number(new URL(server.origin).port) });
    socket.once("connect", () => callback(null, socket));
  };
  const agent = new Agent({ connect });
  const transport = new Transport(agent);
  atEnd(async () => {
    await transport.close();
    await agent.close();
  });
  expect(server.origin).toContain("127.0.0.1");
  const { signal } = new AbortController();
  const answer = await transport.download({ url: new URL("http://public.example/"), headers: {}, signal });
  expect(answer.status).toBe(200);
  answer.discard();
});

test("of a dispatcher that is not ours names are looked up beforehand, and one that is unknown here is left to it", async () => {
  const addresses: Readonly<Record<string, string>> = {
    "public.example": "93.184.215.14",
    "inside.example": "10.1.2.3",
  };
  const resolve: LookupFunction = (hostname, _options, callback) => {
    const address = addresses[hostname];
    if (address === undefined) callback(new Error(`ENOTFOUND ${hostname}`), []);
    else callback(null, [{ address, family: 4 }]);
  };
  const theirs = new Agent();
  atEnd(() => theirs.close());
  const reach = unseenReach(theirs, resolve);
  expect(reach.isInternal(new URL("http://127.0.0.1/"))).toBe(true);
  expect(reach.isInternal(new URL("http://inside.example/"))).toBe(false);
  for (const url of ["https://public.example/a", "https://unknown.example/a"]) {
    expect(await reach.publicOnly(new URL(url))).toBe(theirs);
  }
  for (const url of ["https://inside.example/a", "https://[::1]/a", "https://169.254.169.254/latest"]) {
    await expect(reach.publicOnly(new URL(url))).rejects.toThrow(InternalAddress);
  }
});
