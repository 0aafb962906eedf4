import { invalidArgument } from "../errors.ts";

const loopbackHost = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/i;

/** Whether `hostname` (as in `URL.hostname`) is this machine: the only place plain `http:` may go. */
export function isLoopback(hostname: string): boolean {
  return loopbackHost.test(hostname);
}

/**
 * Reads an endpoint option and answers its origin (`scheme://host[:port]`).
 * A bare host name means `https:`. Plain `http:` is accepted for loopback hosts only: anywhere else it would send
 * signed requests, and with them the security token, in clear (wire §1.5).
 * @throws TypeError `ERR_INVALID_ARG_VALUE` for anything that is not an origin
 */
export function parseOrigin(field: string, text: string): string {
  if (typeof text !== "string" || text === "") throw invalidArgument(field, "must be a URL such as https://host", text);
  let url: URL;
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`);
  } catch {
    // Without its cause, which repeats the text: there may be a password in it.
    throw invalidArgument(field, "is not a URL", withoutUser(text));
  }
  if (url.username !== "" || url.password !== "") {
    throw invalidArgument(field, "must not contain a user name or password");
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw invalidArgument(field, "must be an https: URL (or http: for a loopback host)", text);
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw invalidArgument(
      field,
      "plain http: is only allowed for a loopback host (localhost, *.localhost, 127.0.0.0/8, ::1); use https:",
      text,
    );
  }
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    throw invalidArgument(field, "must be an origin only, without path, query or fragment", text);
  }
  return url.origin;
}

/** Text that should have been a URL, without all that may be its user and password. */
export function withoutUser(text: string): string {
  const [from, to] = [text.indexOf("//"), text.lastIndexOf("@")];
  return from >= 0 && to > from ? `${text.slice(0, from)}//…@${text.slice(to + 1)}` : text;
}

/**
 * The `Host` header that belongs to an origin: what is sent, and so what is signed (port included) (wire §1.4).
 * @param origin as `parseOrigin` answers it
 */
export function hostOf(origin: string): string {
  return origin.slice(origin.indexOf("//") + 2);
}
