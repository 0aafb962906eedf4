// One case of what a caller's own code can do, in a process of its own, with the library: its name in argv[2], a file in
// argv[3]. Ends with 0 and the FileId when the upload has worked, with 1 and the error when it has failed.
import { createReadStream, readFileSync } from "node:fs";
import { VodClient } from "../../dist/index.js";

const { SECRET_ID: secretId, SECRET_KEY: secretKey, ORIGIN: origin, CA_FILE: caFile } = process.env;
const [, , name, file] = process.argv;
const vod = new VodClient({
  credentials: { secretId, secretKey },
  vodEndpoint: origin,
  cosEndpoint: origin,
  partSize: 2 ** 20,
  dispatcher: { connect: { ca: readFileSync(caFile) } },
});
const fail = () => {
  throw new Error("the caller's own");
};
const cases = {
  "stream-missing": () => vod.upload(createReadStream("missing.mp4"), { mediaType: "mp4" }),
  "progress-throws": () => vod.upload(file, { onProgress: fail }),
  "handlers-throw-late": () => {
    let committing = false;
    const late = () => {
      if (committing) fail();
    };
    return vod.upload(file, {
      onProgress: late,
      onRetry: late,
      onWarning: late,
      onCheckpoint: ({ state }) => {
        late();
        committing ||= state === "committing";
      },
    });
  },
  "shared-signal": async () => {
    const { signal } = new AbortController();
    const [first] = await Promise.all(Array.from({ length: 20 }, () => vod.upload(file, { signal })));
    return first;
  },
};
try {
  const { fileId } = await cases[name]();
  console.log(JSON.stringify({ FileId: fileId }));
} catch (error) {
  console.error(error.code, error.message);
  process.exitCode = 1;
}
await vod.close();
