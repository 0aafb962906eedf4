import { createHash, createSign, generateKeyPairSync, randomBytes, type KeyObject } from "node:crypto";
import { isIP } from "node:net";
import { createSecureContext, type SecureContext } from "node:tls";
import { bits, boolean, octets, oid, pem, sequence, set, tagged, time, unsigned, utf8String } from "./der.ts";

const dayMs = 86_400_000;
/** Names every certificate carries, whatever name is asked for. */
const localNames = ["localhost", "*.localhost", "127.0.0.1", "::1"];
const ecdsaSha256 = sequence(oid("1.2.840.10045.4.3.2"));
/** keyCertSign and cRLSign; digitalSignature. */
const authorityUsage = bits(Buffer.from([0x06]), 1);
const serverUsage = bits(Buffer.from([0x80]), 7);

const name = (commonName: string): Buffer => sequence(set(sequence(oid("2.5.4.3"), utf8String(commonName))));

function extension(id: string, value: Uint8Array, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value));
}

function alternativeName(host: string): Buffer {
  if (isIP(host) === 4) return tagged(0x87, Buffer.from(host.split(".").map(Number)));
  if (isIP(host) === 6) return tagged(0x87, Buffer.concat([Buffer.alloc(15), Buffer.from([1])]));
  return tagged(0x82, Buffer.from(host, "ascii"));
}

const publicDer = (key: KeyObject): Buffer => key.export({ type: "spki", format: "der" });
const keyId = (key: KeyObject): Buffer => createHash("sha1").update(publicDer(key)).digest();

interface CertificateRequest {
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

/**
 * A certificate authority of the emulator's own, living as long as it. It signs a certificate for each host name a
 * client asks for by SNI: clients redirected here from real host names then verify them as they would the real ones.
 */
export class LocalAuthority {
  readonly #name = "vodup emulator authority";
  readonly #keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  readonly #serverKeys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  readonly #contexts = new Map<string, SecureContext>();
  /** The authority's certificate, PEM: what clients must trust. */
  readonly certificate: string;

  constructor() {
    this.certificate = this.#sign({
      subject: this.#name,
      publicKey: this.#keys.publicKey,
      extensions: [extension("2.5.29.19", sequence(boolean(true)), true), extension("2.5.29.15", authorityUsage, true)],
    });
  }

  /** Key and certificate for `host`, both PEM. */
  serverIdentity(host: string): { key: string; cert: string } {
    const names = localNames.includes(host) ? localNames : [host, ...localNames];
    const cert = this.#sign({
      subject: host.slice(0, 64),
      publicKey: this.#serverKeys.publicKey,
      extensions: [
        extension("2.5.29.19", sequence(), true),
        extension("2.5.29.15", serverUsage, true),
        extension("2.5.29.37", sequence(oid("1.3.6.1.5.5.7.3.1"))),
        extension("2.5.29.17", sequence(...names.map(alternativeName))),
        extension("2.5.29.35", sequence(tagged(0x80, keyId(this.#keys.publicKey)))),
      ],
    });
    const key = this.#serverKeys.privateKey.export({ type: "pkcs8", format: "pem" });
    return { key: String(key), cert };
  }

  /** What a handshake for `host` is answered with; made once for each name. */
  contextFor(host: string): SecureContext {
    let context = this.#contexts.get(host);
    if (context === undefined) {
      context = createSecureContext(this.serverIdentity(host));
      this.#contexts.set(host, context);
    }
    return context;
  }

  #sign(request: CertificateRequest): string {
    const now = Date.now();
    const body = sequence(
      tagged(0xa0, unsigned(Buffer.from([2]))),
      unsigned(randomBytes(16)),
      ecdsaSha256,
      name(this.#name),
      sequence(time(new Date(now - dayMs)), time(new Date(now + 90 * dayMs))),
      name(request.subject),
      publicDer(request.publicKey),
      tagged(0xa3, sequence(...request.extensions, extension("2.5.29.14", octets(keyId(request.publicKey))))),
    );
    const signature = createSign("sha256").update(body).sign(this.#keys.privateKey);
    return pem("CERTIFICATE", sequence(body, ecdsaSha256, bits(signature)));
  }
}
