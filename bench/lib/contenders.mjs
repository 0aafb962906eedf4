// One upload of one file by each program that is compared.
import { join } from "node:path";
import { bench, client, redirect, run, scratch } from "./measure.mjs";

const node = process.execPath;
const command = join(bench, "../dist/cli/main.js");
const keys = { TENCENTCLOUD_SECRET_ID: "AKIDEXAMPLE", TENCENTCLOUD_SECRET_KEY: "exampleSecretKey" };

function asCommand(sink, name, source, ...flags) {
  const endpoints = ["--vod-endpoint", sink.origin, "--cos-endpoint", sink.origin];
  const env = { ...sink.env, ...keys, XDG_STATE_HOME: scratch };
  return run(node, [command, name, source, "--quiet", ...endpoints, ...flags], env);
}

export const contenders = {
  vodup: (sink, file, ...settings) => run(node, [client("vodup.mjs"), file, ...settings], sink.env),
  "vodup upload": (sink, file) => asCommand(sink, "upload", file),
  "vodup batch": (sink, manifest, ...flags) => asCommand(sink, "batch", manifest, ...flags),
  "vod-node-sdk": (sink, file, ...settings) =>
    run(node, ["--require", redirect, client("vod-node-sdk.cjs"), file, ...settings], sink.env),
  "cos-nodejs-sdk-v5": (sink, file) => run(node, ["--require", redirect, client("cos-nodejs-sdk.cjs"), file], sink.env),
  "@aws-sdk/lib-storage": (sink, file) => run(node, [client("lib-storage.mjs"), file], sink.env),
  rclone: (sink, file) =>
    run(
      "rclone",
      [
        "copyto",
        "--s3-chunk-size",
        "8M",
        "--s3-upload-concurrency",
        "8",
        "--ignore-checksum",
        "--no-check-dest",
        file,
        ":s3:b/bench.mp4",
      ],
      {
        RCLONE_CONFIG: "/dev/null",
        RCLONE_S3_PROVIDER: "Other",
        RCLONE_S3_ENDPOINT: sink.origin,
        RCLONE_S3_ACCESS_KEY_ID: "AKIDEXAMPLE",
        RCLONE_S3_SECRET_ACCESS_KEY: "exampleSecretKey",
        RCLONE_S3_NO_CHECK_BUCKET: "true",
        RCLONE_S3_NO_HEAD: "true",
        // rclone cannot use the bundle that this variable names for others.
        AWS_CA_BUNDLE: "",
        ...(sink.caFile === undefined ? {} : { RCLONE_CA_CERT: sink.caFile }),
      },
    ),
  "bare undici": (sink, file, ...settings) =>
    run(node, [client(file === "-" ? "undici-small.mjs" : "undici-loop.mjs"), file, ...settings], sink.env),
  "curl -T": (sink, file) => {
    const trust = sink.caFile === undefined ? [] : ["--cacert", sink.caFile];
    return run("curl", ["-sS", "-f", "--http1.1", ...trust, "-T", file, `${sink.origin}/bench.mp4`]);
  },
};
