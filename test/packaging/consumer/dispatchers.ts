// Dispatchers of other majors of undici, under the names that test/packaging/types.test.ts installs them by.
import { Agent, ProxyAgent } from "undici";
import { Agent as Agent6, ProxyAgent as ProxyAgent6 } from "undici-6";
import { Agent as Agent8, ProxyAgent as ProxyAgent8 } from "undici-8";
import { VodClient, type VodClientOptions } from "vodup";

const credentials = { secretId: "id", secretKey: "key" };
const proxy = "http://127.0.0.1:3128";

export const clients: VodClient[] = [
  new Agent(),
  new ProxyAgent(proxy),
  new Agent6(),
  new ProxyAgent6(proxy),
  new Agent8(),
  new ProxyAgent8(proxy),
  new Agent8().compose((dispatch) => dispatch),
].map((dispatcher) => new VodClient({ credentials, dispatcher }));

// @ts-expect-error an address is neither a dispatcher nor options of one
export const mistaken: VodClientOptions = { credentials, dispatcher: proxy };
