// Uploads to an emulator that refuses one part, and prints each span as a line of JSON. With an OTLP exporter in place of
// the printing one this is what a service does.
import { SpanStatusCode, trace } from "@opentelemetry/api";
import { NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { VodClient } from "vodup";
import { startEmulator } from "vodup/emulator";
import { traceUploads } from "./spans.mjs";

const printing = {
  /**
   * @param {import("@opentelemetry/sdk-trace-node").ReadableSpan[]} spans
   * @param {(result: { code: number }) => void} done
   */
  export(spans, done) {
    for (const span of spans) {
      const { traceId, spanId } = span.spanContext();
      const { name, attributes, parentSpanContext } = span;
      const failed = span.status.code === SpanStatusCode.ERROR;
      const events = span.events.map((event) => event.name);
      const parentSpanId = parentSpanContext?.spanId;
      console.log(JSON.stringify({ name, traceId, spanId, parentSpanId, failed, events, attributes }));
    }
    done({ code: 0 });
  },
  shutdown: async () => {},
};

const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(printing)] });
provider.register();
const tracer = trace.getTracer("vodup-example");
const stop = traceUploads(tracer);

const emulator = await startEmulator({
  faults: [{ operation: "UploadPart", nth: 2, fault: { kind: "answer", status: 503 } }],
});
const { secretId, secretKey, vodEndpoint, cosEndpoint } = emulator;
const vod = new VodClient({ credentials: { secretId, secretKey }, vodEndpoint, cosEndpoint });
try {
  // The span of whatever asked for the upload: a request to this service, a job of a queue.
  await tracer.startActiveSpan("job", async (job) => {
    await vod.upload(Buffer.alloc(3 * 2 ** 20, "video"), { mediaType: "mp4", partSize: 2 ** 20 });
    job.end();
  });
} finally {
  await vod.close();
  await emulator.close();
  stop();
  await provider.shutdown();
}
