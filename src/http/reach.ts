import type { LookupFunction } from "node:net";
import type { Dispatcher } from "undici";

/**
 * Says whether a redirect of a URL source is followed. Asked for each, with both URLs; whatever it answers but true is
 * a refusal.
 */
export type AllowRedirect = (redirect: { readonly from: URL; readonly to: URL }) => boolean | Promise<boolean>;

/** A redirect of a public server leads to an address of this machine or network. */
export class InternalAddress extends Error {
  constructor(host: string) {
    super(`a redirect leads to ${host}, an address of this machine or network, which is not followed (allowRedirect)`);
  }
}

/** Which addresses requests reach. */
export interface Reach {
  readonly dispatcher: Dispatcher;
  /** Whether a URL that was asked led to this machine or its network. */
  isInternal(url: URL): boolean;
  /**
   * What reaches public addresses only, whatever a name resolves to when the connection is made.
   * @throws InternalAddress where the URL itself says otherwise
   */
  publicOnly(url: URL): Promise<Dispatcher>;
}

/**
 * Whether a host is an address of this machine or its network, such as the metadata service's, by its text alone: names
 * are not resolved. URL has brought every notation of an IPv4 address into the dotted one.
 */
export function isInternal(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, "");
  if (host === "localhost" || host.endsWith(".localhost") || host === "metadata.tencentyun.com") return true;
  // Beside its own, those that carry an IPv4 address: mapped, NAT64, 6to4 and Teredo.
  if (host.startsWith("[")) return /^\[(?:::|f[cd]|fe[89a-f]|64:ff9b:|ff|2002:|2001::|2001:0:)/.test(host);
  const [a = -1, b = -1, ...more] = /^\d+(?:\.\d+){3}$/.test(host) ? host.split(".").map(Number) : [];
  if (more.length === 0) return false;
  return (
    a === 0 ||
    a === 10 ||
    a === 127 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b < 128) ||
    // Metadata services of Oracle's and Microsoft's clouds.
    (a === 192 && b === 0 && more[0] === 0) ||
    host === "168.63.129.16" ||
    a >= 224
  );
}

/** The same of an address as sockets and DNS have it; of none, which a pipe has, too. */
export function isInternalAddress(address: string | undefined): boolean {
  if (address === undefined) return true;
  // Only IPv6 has colons. `isIPv6` compiles its pattern when first asked: 5 ms, a fiftieth of a small upload.
  return isInternal(address.includes(":") ? new URL(`http://[${address.replace(/%.*$/s, "")}]/`).hostname : address);
}

/** Loaded by those who follow a redirect: with it Node loads what few programs need. */
const lookupHost: LookupFunction = (hostname, options, callback) =>
  void import("node:dns").then(({ lookup }) => lookup(hostname, options, callback));

/** Resolves names, and refuses one with an internal address among its own. */
export function publicLookup(resolve: LookupFunction = lookupHost): LookupFunction {
  return (hostname, options, callback) =>
    resolve(hostname, options, (error, address, family) => {
      const found = typeof address === "string" ? [address] : (address ?? []).map((one) => one.address);
      const refused = error === null && found.some(isInternalAddress) ? new InternalAddress(hostname) : error;
      callback(refused, address, family);
    });
}

/** A dispatcher that is not ours: which addresses it reaches, is not seen. Names are looked up beforehand. */
export function unseenReach(dispatcher: Dispatcher, resolve: LookupFunction = lookupHost): Reach {
  return {
    dispatcher,
    isInternal: ({ hostname }) => isInternal(hostname),
    publicOnly: async ({ hostname, host }) => {
      if (isInternal(hostname)) throw new InternalAddress(host);
      await new Promise<void>((done, refuse) => {
        // What does not resolve here, a proxy may know.
        const ended = (error: Error | null): void => (error instanceof InternalAddress ? refuse(error) : done());
        publicLookup(resolve)(hostname.replace(/^\[|\]$/g, ""), { all: true }, ended);
      });
      return dispatcher;
    },
  };
}
