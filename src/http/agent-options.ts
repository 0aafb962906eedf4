import type { Agent } from "undici";
import { refuseMisspelt } from "../unknown-options.ts";

/** Of undici 7. Another release may know more: only what is one of these misspelt is refused. */
const agentNames = {
  allowH2: true,
  autoSelectFamily: true,
  autoSelectFamilyAttemptTimeout: true,
  bodyTimeout: true,
  clientTtl: true,
  connect: true,
  connectTimeout: true,
  connections: true,
  connectionWindowSize: true,
  eventSource: true,
  factory: true,
  headersTimeout: true,
  idleTimeout: true,
  initialWindowSize: true,
  interceptors: true,
  keepAlive: true,
  keepAliveMaxTimeout: true,
  keepAliveTimeout: true,
  keepAliveTimeoutThreshold: true,
  localAddress: true,
  maxCachedSessions: true,
  maxConcurrentStreams: true,
  maxHeaderSize: true,
  maxKeepAliveTimeout: true,
  maxOrigins: true,
  maxRequestsPerClient: true,
  maxResponseSize: true,
  pingInterval: true,
  pipelining: true,
  requestTimeout: true,
  socketPath: true,
  socketTimeout: true,
  strictContentLength: true,
  tls: true,
  webSocket: true,
} satisfies Record<keyof Agent.Options, true>;

/** Of undici's connections, and so of node:net and node:tls. */
const connectNames = [
  "ALPNCallback ALPNProtocols SNICallback allowH2 allowHalfOpen allowPartialTrustChain autoSelectFamily",
  "autoSelectFamilyAttemptTimeout blockList ca cert checkServerIdentity ciphers clientCertEngine crl dhparam",
  "ecdhCurve enableTrace family fd hints honorCipherOrder host keepAlive keepAliveInitialDelay key localAddress",
  "localPort lookup maxCachedSessions maxVersion minDHSize minVersion noDelay onread passphrase path pfx port",
  "privateKeyEngine privateKeyIdentifier pskCallback readable rejectUnauthorized requestCert secureContext",
  "secureOptions secureProtocol servername session sessionIdContext sessionTimeout sigalgs signal socket",
  "socketPath ticketKeys timeout typeOfService writable",
];

/** @throws TypeError `ERR_INVALID_ARG_VALUE` that suggests the right name */
export function checkAgentOptions(options: Agent.Options): void {
  refuseMisspelt("dispatcher", options, Object.keys(agentNames));
  const { connect } = options;
  const words = connectNames.flatMap((line) => line.split(" "));
  if (typeof connect === "object" && connect !== null) refuseMisspelt("dispatcher.connect", connect, words);
}
