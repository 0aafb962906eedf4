// Each session, from ApplyUpload to its event.
import { useState } from "./vendor/preact-hooks.js";
import { Action, Badge, html } from "./elements.js";
import { FirstUpload } from "./environment.js";
import { bytes, clockTime, duration, fileName } from "./format.js";
import { cellsOf, describe } from "./session.js";
import { command, emulatorNow, requestsOf, useStore } from "./store.js";
import { t } from "./texts.js";

const AT_ONCE = 25;
const CELLS = 120;

export function Uploads() {
  const { sessions, uploads, events } = useStore(1000);
  const [most, setMost] = useState(AT_ONCE);
  if (sessions.length === 0) return html`<${FirstUpload} />`;
  const shown = sessions.slice(-most).toReversed();
  return html`<section class="view">
    <h1 class="unseen">${t("uploads")}</h1>
    <p class="legend" aria-label=${t("legend")} role="group">
      ${[
        ["sent", "partSent"],
        ["flight", "partFlight"],
        ["retried", "partRetried"],
        ["resumed", "partResumed"],
        ["failed", "partFailed"],
      ].map(([kind, text]) => html`<span><i class="cell ${kind}"></i>${t(text)}</span>`)}
    </p>
    <ol class="uploads">
      ${shown.map((session) => html`<${Upload} key=${session.fileId} session=${session} uploads=${uploads} events=${events} />`)}
    </ol>
    ${
      sessions.length > most &&
      html`<button type="button" onClick=${() => setMost(most + AT_ONCE)}>
        ${t("showMore", sessions.length - most)}
      </button>`
    }
  </section>`;
}

function Upload({ session, uploads, events }) {
  const rows = requestsOf(session.fileId);
  const upload = describe(session, rows, uploads, events);
  const { fields } = session;
  const name = fields.MediaName ?? fileName(session.key);
  return html`<li class="upload">
    <header>
      <h2>${name}</h2>
      <a href="#/requests?session=${session.fileId}" class="mono">${session.fileId}</a>
      <span class="push">
        <${Badge} kind=${session.state === "committed" ? "good" : "busy"}>${t(session.state)}<//>
      </span>
    </header>
    <${PartsBar} parts=${upload.parts} />
    <${Steps} upload=${upload} />
    <p class="facts">
      <span>${bytes(upload.received)}</span>
      ${upload.first !== undefined && html`<span>${t("perSecond", rateOf(upload))}</span>`}
      ${upload.parts.some(({ number }) => number !== undefined) && html`<span>${t("parts", upload.parts.length)}</span>`}
      <span>${clockTime(session.openedAt)}</span>
      <span>${session.region}</span>
      <${Life} session=${session} />
      ${
        session.state === "open" &&
        upload.open.length > 0 &&
        !upload.isRunning &&
        html`<${Badge} kind="warn">${t("leftOpen", upload.open.length)}<//>`
      }
      <span class="push"><a href="#/requests?session=${session.fileId}">${t("requestCount", upload.requests)}</a></span>
    </p>
  </li>`;
}

function rateOf({ received, first, end }) {
  const ms = Math.max((end ?? emulatorNow()) - first, 1);
  return bytes(Math.round((received / ms) * 1000));
}

function Life({ session }) {
  if (session.state === "committed") return null;
  const left = session.expiresAt - emulatorNow();
  const renewed = session.secretIds.length - 1;
  return html`
    <span class=${left < 0 ? "bad-text" : ""}
      >${left < 0 ? t("certificateExpired") : t("certificateLeft", duration(left))}</span
    >
    ${renewed > 0 && html`<span>${t("certificateRenewed", renewed)}</span>`}
    ${left >= 0 && html`<${Action} kind="quiet" act=${() => command("POST", "/certificates", { fileId: session.fileId })}>${t("expireOne")}<//>`}
  `;
}

/** Widths follow the bytes: a last part that is small looks small. */
function PartsBar({ parts }) {
  const cells = cellsOf(parts, CELLS);
  const label = summaryOf(parts);
  return html`<div class="bar" role="img" aria-label=${label} title=${label}>
    ${cells.map(({ state, retried, some }) => {
      const length = some.reduce((sum, part) => sum + part.length, 0);
      const got = some.reduce((sum, part) => sum + (part.state === "failed" ? 0 : part.received), 0);
      return html`<i
        class="cell ${state} ${retried && state !== "failed" ? "retried" : ""}"
        style=${{ flexGrow: Math.max(length, 1) }}
        ><b style=${{ width: `${length === 0 ? 100 : Math.min((got / length) * 100, 100)}%` }}></b
      ></i>`;
    })}
  </div>`;
}

function summaryOf(parts) {
  const count = (choose) => parts.filter(choose).length;
  const said = [
    [count(({ state }) => state === "sent"), "partSent"],
    [count(({ state }) => state === "flight"), "partFlight"],
    [count(({ tries }) => tries > 1), "partRetried"],
    [count(({ state }) => state === "resumed"), "partResumed"],
    [count(({ state }) => state === "failed"), "partFailed"],
  ];
  const known = said.filter(([many]) => many > 0).map(([many, key]) => `${many} ${t(key)}`);
  return `${t("parts", parts.length)}: ${known.join(", ") || t("notYet")}`;
}

function Steps({ upload }) {
  const { event, parts } = upload;
  const sent = parts.filter(({ state }) => state === "sent" || state === "resumed").length;
  const eventDone = event !== undefined && ["confirmed", "pushed"].includes(event.state);
  const steps = [
    ["stepApply", upload.applies > 0 || upload.requests > 0 ? "done" : "notYet", ""],
    [
      "stepTransfer",
      upload.completed ? "done" : parts.length > 0 ? "underWay" : "notYet",
      parts.length > 1 ? `${sent}/${parts.length}` : "",
    ],
    ["stepComplete", upload.completed ? "done" : "notYet", ""],
    ["stepCommit", upload.committed ? "done" : "notYet", ""],
    [
      "stepEvent",
      eventDone ? "done" : event ? "underWay" : "notYet",
      event ? t(event.state === "waiting" ? "waitingEvent" : event.state, "").replace(/[:：]\s*$/, "") : "",
    ],
  ];
  return html`<ol class="steps">
    ${steps.map(
      ([name, how, more]) =>
        html`<li class=${how}>
          <span class="mark" aria-hidden="true"></span>${t(name)}<span class="unseen">: ${t(how)}</span
          >${more && html` <small>${more}</small>`}
        </li>`,
    )}
  </ol>`;
}
