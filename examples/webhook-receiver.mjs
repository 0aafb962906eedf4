// Receives VOD's callbacks and does something about each event once. Set the callback address and a key in the console
// or by `vodup events config --push`, the key also here as VOD_SIGN_KEY: callbacks without a valid Sign are then
// refused. A signature covers the key and a time, not the event: what matters is asked back (docs/guide.md). Prints an
// event a line as JSON. SIGTERM answers no more, finishes what was received, and ends.
//
//   VOD_SIGN_KEY=… node examples/webhook-receiver.mjs 8080
import { createServer } from "node:http";
import { createListener } from "vodup/events";

const listener = createListener({
  signKey: process.env.VOD_SIGN_KEY,
  onEvent: async ({ type, fileId, mediaUrl, sourceContext, procedureTaskId, status }) => {
    // Here your own work begins. The service had its answer, so it may take its time.
    console.log(JSON.stringify({ type, fileId, mediaUrl, sourceContext, procedureTaskId, status }));
  },
  onError: (error, { type, fileId }) => console.error("not handled:", type, fileId, error),
  onRefused: ({ status, reason }) => console.error("refused:", status, reason),
});

const server = createServer((request, response) => {
  if (request.url === "/vod-events") listener(request, response);
  else response.writeHead(404).end();
});
server.listen(Number(process.argv[2] ?? 8080), "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object") console.log(`listening on http://127.0.0.1:${address?.port}/vod-events`);
});

async function stop() {
  await listener.close();
  server.close();
  server.closeIdleConnections();
}
process.once("SIGTERM", () => void stop());
