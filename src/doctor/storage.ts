import type { VodClientOptions } from "../index.ts";
import type { Check } from "./check.ts";
import { CosClient } from "../cos/index.ts";
import { CosError, NetworkError } from "../index.ts";
import { fail, messageOf, pass } from "./check.ts";

/** No key of anyone's: the question is only whether COS answers. */
export const placeholder = { secretId: "AKIDvodupdoctor", secretKey: "vodupdoctor" } as const;

/** The documents' own APPID. Every bucket of a region has the same servers, so it need not exist. */
const bucket = "vodup-doctor-1250000000";

/** Asks for an object that does not exist: any answer of COS will do, a refusal most of all. */
export async function checkStorage(
  options: Pick<VodClientOptions, "cosEndpoint" | "dispatcher" | "limits">,
  region: string,
  signal: AbortSignal,
): Promise<Check> {
  const cos = new CosClient({ ...options, bucket, region, credentials: placeholder });
  const host = new URL(cos.origin).host;
  try {
    await cos.headObject("vodup-doctor", { signal });
    return pass("storage", `COS answers at ${host}`);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CosError) return pass("storage", `COS answers at ${host}`);
    const remedy =
      error instanceof NetworkError && error.code === "BAD_ANSWER"
        ? "something else than COS answers here: check proxies, captive portals and --cos-endpoint"
        : "check the firewall and the proxy for *.myqcloud.com on TCP port 443, and --cos-endpoint";
    return fail("storage", messageOf(error), remedy, error);
  } finally {
    await cos.close();
  }
}
