// Events: the queue, what was delivered, and sending one again or to a receiver of one's own.
import { useState } from "./vendor/preact-hooks.js";
import { Action, Badge, html } from "./elements.js";
import { clockTime, duration } from "./format.js";
import { command, emulatorNow, useStore } from "./store.js";
import { t } from "./texts.js";

export function Events() {
  const { events } = useStore(1000);
  return html`<section class="view">
    <h1 class="unseen">${t("events")}</h1>
    <${TestEvent} />
    ${events.length === 0 && html`<p class="empty">${t("emptyEvents")}</p>`}
    <ul class="events">
      ${events.toReversed().map(
        (event) =>
          html`<li key=${event.id}>
            <div class="event">
              <span class="id">${event.id}</span>
              <span>${clockTime(event.time)}</span>
              <strong>${event.type}</strong>
              <span class="mono">${event.fileId ?? ""}</span>
              <${State} event=${event} />
              ${event.pulls > 0 && html`<span>${t("pulls", event.pulls)}</span>`}
              <span class="push"
                ><${Action} kind="quiet" act=${() => command("POST", "/events", { again: event.id })}
                  >${t("sendAgain")}<//
                ></span
              >
            </div>
            ${event.deliveries.map((delivery) => html`<${Delivery} delivery=${delivery} />`)}
          </li>`,
      )}
    </ul>
  </section>`;
}

function State({ event }) {
  const left = (event.heldUntil ?? 0) - emulatorNow();
  const held = event.state === "held" && left > 0;
  const state = event.state === "held" && !held ? "waiting" : event.state;
  const kind = { confirmed: "good", pushed: "good", held: "busy", waiting: "busy", off: "" }[state];
  return html`<${Badge} kind=${kind}
    >${held ? t("held", duration(left)) : t(state === "waiting" ? "waitingEvent" : state)}<//
  >`;
}

function Delivery({ delivery }) {
  const { outcome, status } = delivery;
  const text = outcome === "answered" ? t("answered", status) : t(outcome === "not-loopback" ? "notLoopback" : outcome);
  const left = delivery.signedUntil === undefined ? undefined : delivery.signedUntil * 1000 - emulatorNow();
  const sign = left === undefined ? t("signNone") : left > 0 ? t("signValid", duration(left)) : t("signExpired");
  return html`<div class="delivery">
    <span>${clockTime(delivery.time)}</span>
    <span>${t("attempt", delivery.attempt)}</span>
    <span class=${outcome === "answered" ? "" : "bad-text"}>${text}</span>
    <span class="mono">${delivery.url}</span>
    <span>${sign}</span>
  </div>`;
}

function TestEvent() {
  const [url, setUrl] = useState("");
  const [type, setType] = useState("NewFileUpload");
  const [signKey, setSignKey] = useState("");
  return html`<details class="box">
    <summary>${t("testTitle")}</summary>
    <form class="form" onSubmit=${(event) => event.preventDefault()}>
      <label class="wide"
        >${t("testUrl")}<input
          type="url"
          value=${url}
          placeholder="http://127.0.0.1:8000/callback"
          onInput=${(event) => setUrl(event.target.value)}
      /></label>
      <label
        >${t("type")}<select value=${type} onChange=${(event) => setType(event.target.value)}>
          <option>NewFileUpload</option>
          <option>FileDeleted</option>
        </select></label
      >
      <label
        >${t("testSignKey")}<input
          value=${signKey}
          autocomplete="off"
          maxlength="32"
          onInput=${(event) => setSignKey(event.target.value)}
      /></label>
      <${Action} kind="main" act=${() => command("POST", "/events", { url, type, signKey })}>${t("send")}<//>
    </form>
  </details>`;
}
