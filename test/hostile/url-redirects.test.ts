import { connect as connectSocket } from "node:net";
import type { buildConnector } from "undici";
import { expect, test } from "vitest";
import { httpServer } from "../support/raw-servers.ts";
import { outcomeOf } from "./outcome.ts";
import { reflectingService } from "./reflecting-service.ts";

/** Ways to write, or to hide, an address of this machine, its network or its metadata service. */
const inner = [
  "169.254.169.254",
  "[::ffff:169.254.169.254]",
  "2852039166",
  "0xa9fea9fe",
  "0251.0376.0251.0376",
  "169.254.43518",
  "127.0.0.1",
  "127.1",
  "2130706433",
  "%31%32%37.0.0.1",
  "%EF%BC%91%EF%BC%92%EF%BC%97.0.0.1",
  "127%E3%80%820%E3%80%820%E3%80%821",
  "[::ffff:7f00:1]",
  "[0:0:0:0:0:ffff:127.0.0.1]",
  "[::127.0.0.1]",
  "[2002:7f00:1::]",
  "[2001:0:0:0:0:0:80ff:fffe]",
  "[64:ff9b::a9fe:a9fe]",
  "[fec0::1]",
  "[fd00:ec2::254]",
  "0.0.0.0",
  "0",
  "100.64.0.1",
  "100.100.100.200",
  "192.0.0.192",
  "168.63.129.16",
  "localhost",
  "LocalHost.",
  "x.localhost",
  "user:password@127.0.0.1",
  "public.example@127.0.0.1",
  "metadata.tencentyun.com",
  // Names that resolve to an inner address, as an alias in /etc/hosts does.
  "alias.example",
  "metadata.google.internal",
];
const statuses = [301, 302, 303, 307, 308];

const addresses: Readonly<Record<string, string>> = {
  "alias.example": "127.0.0.1",
  "metadata.google.internal": "169.254.169.254",
};

/** A public web server, by the address that its connections have here; whatever else is reached is noted. */
async function publicSite(location: (path: string) => string, status = 302) {
  const reached: string[] = [];
  const site = await httpServer((request, response) => {
    const { host = "" } = request.headers;
    if (host !== "public.example") reached.push(host);
    const isFirst = host === "public.example" && request.url !== "/film";
    response.writeHead(isFirst ? status : 200, isFirst ? { location: location(request.url ?? "") } : {}).end("content");
  });
  const connect: buildConnector.connector = ({ hostname, port }, callback) => {
    const isOurs = hostname === "127.0.0.1" && port !== "";
    const socket = connectSocket({ host: "127.0.0.1", port: isOurs ? Number(port) : site.port });
    if (!isOurs) Object.defineProperty(socket, "remoteAddress", { value: addresses[hostname] ?? "203.0.113.1" });
    socket.once("connect", () => callback(null, socket));
  };
  return { reached, connect };
}

const rows = inner.map((host, index) => [host, statuses[index % statuses.length] ?? 302] as const);

test.each(rows)("a public URL that redirects to %s (%i) has nothing of it uploaded", async (host, status) => {
  const service = await reflectingService(() => undefined);
  const { reached, connect } = await publicSite(() => `http://${host}/film`, status);
  const url = new URL("http://public.example/a");
  expect(await outcomeOf(service.origin, url, {}, { dispatcher: { connect } })).toBe("BAD_ANSWER");
  expect(reached).toEqual([]);
});

test("nor by a detour over another public name, and a public one is followed", async () => {
  const service = await reflectingService(() => undefined);
  const outcome = async (location: (path: string) => string): Promise<string> => {
    const { reached, connect } = await publicSite(location);
    const url = new URL("http://public.example/a");
    const code = await outcomeOf(service.origin, url, {}, { dispatcher: { connect } });
    return `${code} ${reached.join()}`;
  };
  expect(await outcome((path) => (path === "/a" ? "/b" : "//127.0.0.1/film"))).toBe("BAD_ANSWER ");
  expect(await outcome(() => "http://other.example/film")).toBe("done other.example");
});

test("what a page or a header asks a browser to do is not done", async () => {
  const service = await reflectingService(() => undefined);
  const reached: string[] = [];
  const site = await httpServer((request, response) => {
    reached.push(request.url ?? "");
    response
      .setHeader("refresh", "0; url=/evil")
      .setHeader("link", "</evil>; rel=preload")
      .setHeader("alt-svc", 'h2="/"');
    response.writeHead(200, { location: "/evil", "content-location": "/evil" }).end("content");
  });
  expect(await outcomeOf(service.origin, new URL("/film", site.origin))).toBe("done");
  expect(reached).toEqual(["/film"]);
});
