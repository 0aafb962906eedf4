// All requests, filtered, and one of them opened.
import { useMemo, useState } from "./vendor/preact-hooks.js";
import { html, VirtualList } from "./elements.js";
import { bytes, clockTime, duration } from "./format.js";
import { RequestDetail } from "./request-detail.js";
import { go, useRoute } from "./route.js";
import { refused, running, succeeded } from "./session.js";
import { useStore } from "./store.js";
import { t } from "./texts.js";

const ROW_HEIGHT = 28;

const STATUSES = {
  all: () => true,
  succeededOnes: succeeded,
  refusedOnes: refused,
  badSignature: ({ diagnosis, code }) => diagnosis !== undefined || /Signature(DoesNotMatch|Failure)/.test(code ?? ""),
  faulted: ({ fault }) => fault !== undefined,
};

export function Requests() {
  const { requests, sessions } = useStore();
  const { rest, query } = useRoute();
  const [text, setText] = useState("");
  const [operation, setOperation] = useState("");
  const [status, setStatus] = useState("all");
  const [follow, setFollow] = useState(true);
  const session = query.get("session") ?? "";
  const opened = Number(rest[0] ?? 0);

  const known = useMemo(
    () => [...new Set(requests.map((row) => row.operation))].sort((a, b) => a.localeCompare(b)),
    [requests.length],
  );
  const words = text.trim().toLowerCase();
  const matches = (row) =>
    (operation === "" || row.operation === operation) &&
    (session === "" || row.fileId === session) &&
    STATUSES[status](row) &&
    (words === "" ||
      `${row.id} ${row.operation} ${row.path} ${row.status} ${row.code ?? ""}`.toLowerCase().includes(words));
  const unfiltered = words === "" && operation === "" && session === "" && status === "all";
  const shown = unfiltered ? requests : requests.filter(matches);
  const chosen = shown.findIndex(({ id }) => id === opened);

  const open = (index) => {
    setFollow(false);
    go(["requests", shown[index].id], query);
  };
  const pick = (value) => go(["requests"], value === "" ? undefined : new URLSearchParams({ session: value }));
  return html`<section class="view split ${opened > 0 ? "opened" : ""}">
    <h1 class="unseen">${t("requests")}</h1>
    <div class="pane">
      <div class="tools" role="search">
        <input
          type="search"
          placeholder=${t("filter")}
          aria-label=${t("filter")}
          value=${text}
          onInput=${(event) => setText(event.target.value)}
        />
        <${Choice}
          label=${t("operation")}
          value=${operation}
          options=${known.map((name) => [name, name])}
          onPick=${setOperation}
        />
        <${Choice}
          label=${t("status")}
          value=${status === "all" ? "" : status}
          options=${Object.keys(STATUSES)
            .slice(1)
            .map((name) => [name, t(name)])}
          onPick=${(value) => setStatus(value || "all")}
        />
        <${Choice}
          label=${t("session")}
          value=${session}
          options=${sessions.map(({ fileId }) => [fileId, fileId])}
          onPick=${pick}
        />
        <label class="check"
          ><input
            type="checkbox"
            checked=${follow}
            onChange=${(event) => setFollow(event.target.checked)}
          />${t("follow")}</label
        >
        <span class="count">${t("shownOf", shown.length.toLocaleString(), requests.length.toLocaleString())}</span>
      </div>
      <div class="row head" aria-hidden="true">
        <span>#</span><span>${t("time")}</span><span>${t("operation")}</span><span>${t("status")}</span
        ><span>${t("path")}</span><span class="number">${t("size")}</span><span class="number">${t("took")}</span>
      </div>
      <${VirtualList}
        label=${t("requests")}
        count=${shown.length}
        height=${ROW_HEIGHT}
        idOf=${(index) => `request-${shown[index].id}`}
        row=${(index) => html`<${Row} row=${shown[index]} />`}
        chosen=${chosen}
        onChoose=${open}
        onOpen=${open}
        follow=${follow && opened === 0}
      />
      ${shown.length === 0 && html`<p class="empty over">${t("emptyRequests")}</p>`}
    </div>
    <div class="pane detail">
      ${opened > 0 ? html`<${RequestDetail} id=${opened} onClose=${() => go(["requests"], query)} />` : html`<p class="empty">${t("selectRequest")}</p>`}
    </div>
  </section>`;
}

function Choice({ label, value, options, onPick }) {
  return html`<select
    aria-label=${label}
    value=${value}
    class=${value === "" ? "" : "set"}
    onChange=${(event) => onPick(event.target.value)}
  >
    <option value="">${label}: ${t("all")}</option>
    ${options.map(([key, text]) => html`<option value=${key} selected=${key === value}>${text}</option>`)}
  </select>`;
}

function Row({ row }) {
  const kind = running(row) ? "busy" : succeeded(row) ? "good" : "bad";
  const shown = row.status === 0 ? (running(row) ? "…" : t("cut")) : (row.code ?? String(row.status));
  return html`
    <span class="id">${row.id}</span>
    <span>${clockTime(row.time)}</span>
    <span class="operation"
      >${row.operation}${row.partNumber === undefined ? "" : html` <small>${row.partNumber}</small>`}</span
    >
    <span class="status ${kind}"
      >${shown}${row.fault === undefined ? "" : html` <small class="fault">${row.fault}</small>`}</span
    >
    <span class="path">${row.path}</span>
    <span class="number">${row.bodyBytes === 0 ? "" : bytes(row.bodyBytes)}</span>
    <span class="number">${row.durationMs === undefined ? "" : duration(row.durationMs)}</span>
  `;
}
