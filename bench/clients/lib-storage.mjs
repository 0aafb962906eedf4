// @aws-sdk/lib-storage in S3's form: node lib-storage.mjs SOURCE
import { createReadStream } from "node:fs";
import { S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";

const client = new S3Client({
  endpoint: process.env.SINK_ORIGIN,
  region: "us-east-1",
  forcePathStyle: true,
  credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "exampleSecretKey" },
});
const upload = new Upload({
  client,
  params: { Bucket: "b", Key: "bench.mp4", Body: createReadStream(process.argv[2]) },
  partSize: 8 * 2 ** 20,
  queueSize: 8,
});
await upload.done();
client.destroy();
console.log(JSON.stringify({ uploads: 1 }));
