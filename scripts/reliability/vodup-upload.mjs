// vodup with its defaults but for the part size, so that 6 MiB are several parts.
import { readFileSync } from "node:fs";
import { VodClient } from "../../dist/index.js";

const { SECRET_ID: secretId, SECRET_KEY: secretKey, ORIGIN: origin, CA_FILE: caFile } = process.env;
const vod = new VodClient({
  credentials: { secretId, secretKey },
  vodEndpoint: origin,
  cosEndpoint: origin,
  partSize: 2 ** 20,
  dispatcher: { connect: { ca: readFileSync(caFile) } },
});
try {
  const { fileId } = await vod.upload(process.argv[2]);
  console.log(JSON.stringify({ FileId: fileId }));
} catch (error) {
  console.error(error.code, error.message);
  process.exitCode = 1;
}
await vod.close();
