// Uploads through an HTTP proxy. The proxy gets a tunnel for each host (CONNECT) and sees names and encrypted bytes only,
// no key and no request. The library reads no environment by itself, so a program decides: here HTTPS_PROXY and NO_PROXY,
// as the command line does. A proxy that wants a password has it in its URL: http://user:password@proxy:3128.
//
//   HTTPS_PROXY=http://proxy.example.com:3128 node examples/proxy.mjs lesson.mp4
import { NetworkError, VodClient, defaultCredentials, proxyFromEnvironment } from "vodup";

const dispatcher = await proxyFromEnvironment();
if (dispatcher === undefined) console.error("HTTPS_PROXY is not set: uploading directly");
const vod = new VodClient({ credentials: defaultCredentials(), subAppId: process.env.SUB_APP_ID, dispatcher });

try {
  const { fileId } = await vod.upload(process.argv[2] ?? "lesson.mp4");
  console.log(fileId);
} catch (error) {
  if (!(error instanceof NetworkError) || error.code !== "PROXY") throw error;
  console.error(error.message);
  process.exitCode = error.status === 407 ? 4 : 1;
} finally {
  await vod.close();
  // A dispatcher that was handed in stays its owner's.
  await dispatcher?.close();
}
