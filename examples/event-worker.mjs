// A worker that pulls events ("reliable notifications", `vodup events config --pull`) and takes each off the queue once
// it has been dealt with. A worker that dies in between loses nothing: what it did not confirm comes again, so the work
// must bear being done twice. Several workers may share a queue. Prints an event a line as JSON; SIGTERM ends in order.
//
//   node examples/event-worker.mjs
import { VodClient, defaultCredentials } from "vodup";

const vod = new VodClient({
  credentials: defaultCredentials(),
  subAppId: process.env.SUB_APP_ID,
  vodEndpoint: process.env.VODUP_VOD_ENDPOINT,
  cosEndpoint: process.env.VODUP_COS_ENDPOINT,
});

/** @param {import("vodup").VodEvent} event */
async function deal({ type, fileId, mediaUrl, sourceContext, procedureTaskId, status }) {
  // Here your own work begins. Confirm within 30 s of the pull: what takes longer belongs into a queue of your own.
  console.log(JSON.stringify({ type, fileId, mediaUrl, sourceContext, procedureTaskId, status }));
}

const events = vod.pullEvents({ onError: (error) => console.error("goes on after:", error) });
process.once("SIGTERM", () => events.stop());

for await (const event of events) {
  await deal(event);
  await event.confirm();
}
await vod.close();
