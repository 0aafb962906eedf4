// One request whole: its signature stage by stage, headers, body and answer.
import { useEffect, useState } from "./vendor/preact-hooks.js";
import { Badge, Code, html, Pairs } from "./elements.js";
import { bytes, duration, json, preciseTime } from "./format.js";
import { refused, running } from "./session.js";
import { requestDetail, requestRow } from "./store.js";
import { t } from "./texts.js";

export function RequestDetail({ id, onClose }) {
  const [detail, setDetail] = useState(undefined);
  const row = requestRow(id);
  const ended = row?.durationMs !== undefined;
  useEffect(() => {
    let current = true;
    void requestDetail(id).then((found) => current && setDetail({ id, found }));
    return () => (current = false);
  }, [id, ended]);
  const back = html`<button type="button" class="quiet back" onClick=${onClose}>← ${t("backToList")}</button>`;
  if (detail?.id !== id)
    return html`${back}
      <p class="empty">…</p>`;
  if (detail.found === undefined)
    return html`${back}
      <p class="empty">${t("gone")}</p>`;
  return html`<${Whole} key=${id} back=${back} ...${detail.found} onClose=${onClose} />`;
}

function Whole({ request, stages, answer, back, onClose }) {
  const wrong = request.mismatch !== undefined || /Signature(DoesNotMatch|Failure)/.test(request.code ?? "");
  return html`<article class="whole">
    <header>
      ${back}
      <h2>${request.operation} <small>#${request.id}</small></h2>
      <button type="button" class="quiet push" aria-label=${t("close")} onClick=${onClose}>✕</button>
    </header>
    <p class="facts">
      <${Badge} kind=${running(request) ? "busy" : refused(request) ? "bad" : "good"}
        >${request.status === 0 ? (running(request) ? "…" : t("cut")) : request.status}<//
      >
      ${request.code && html`<strong class="bad-text">${request.code}</strong>`}
      <span>${preciseTime(request.time)}</span>
      ${request.durationMs !== undefined && html`<span>${duration(request.durationMs)}</span>`}
      ${request.fault && html`<${Badge} kind="warn">${t("fault")}: ${request.fault}<//>`}
    </p>
    <p class="target mono">
      ${request.method} ${request.path}${request.rawQuery === undefined ? "" : `?${request.rawQuery}`}
    </p>
    ${request.message && html`<p class="message">${request.message}</p>`}
    <h3>
      ${t("signature")}
      <${Badge} kind=${request.verified ? "good" : wrong ? "bad" : ""}
        >${t(request.verified ? "verified" : wrong ? "wrong" : "notVerified")}<//
      >
    </h3>
    ${wrong && html`<${Mistake} mismatch=${request.mismatch} />`}
    <${Stages} stages=${stages} mismatch=${request.mismatch} verified=${request.verified} />
    <details open>
      <summary>${t("headers")}</summary>
      <${Pairs} of=${request.headers} />
    </details>
    ${
      Object.keys(request.query).length > 0 &&
      html`<details>
        <summary>${t("query")}</summary>
        <${Pairs} of=${request.query} />
      </details>`
    }
    <${Body} request=${request} />
    <${Answer} answer=${answer} />
  </article>`;
}

function Mistake({ mismatch }) {
  const { mistakes = [], difference } = mismatch ?? {};
  return html`<div class="mistake" role="note">
    ${
      mistakes.length === 0
        ? html`<p>${t("noMistake")}</p>`
        : html`<p><strong>${t("mistakeFound")}</strong></p>
            <ul>
              ${mistakes.map(({ rule, text }) => html`<li>${text} <span class="rule">wire §${rule}</span></li>`)}
            </ul>`
    }
    ${
      difference &&
      html`<p>${t("firstDifference", difference.text, difference.line)}</p>
        <dl class="difference">
          <dt>${t("expected")}</dt>
          <dd class="right mono">${shown(difference.expected)}</dd>
          <dt>${t("signedText")}</dt>
          <dd class="wrong mono">${shown(difference.signed)}</dd>
        </dl>`
    }
  </div>`;
}

const shown = (line) => (line === undefined ? t("noSuchLine") : line === "" ? "␀ (empty)" : line);

function Stages({ stages, mismatch, verified }) {
  if (stages === undefined) return html`<p class="note">${t("unsigned")}</p>`;
  const { difference } = mismatch ?? {};
  const mark = (text) => (difference?.text === text ? difference.line : undefined);
  return html`<ol class="stages">
    <li>
      <h4>${t("stageCanonical", stages.canonicalName)}</h4>
      <${Code} label=${stages.canonicalName} text=${stages.canonical} mark=${mark(stages.canonicalName)} />
    </li>
    <li>
      <h4>${t("stageString")}</h4>
      <${Code} label="StringToSign" text=${stages.stringToSign} mark=${mark("StringToSign")} />
    </li>
    <li>
      <h4>${t("stageKeys")}</h4>
      <p class="keys">
        ${stages.keys.map((name, index) => html`${index > 0 && html`<span aria-hidden="true"> → </span>`}<code>${name}</code>`)}
      </p>
      <p class="note">SecretId <span class="mono">${stages.secretId}</span>. ${t("stageKeysNote")}</p>
    </li>
    <li>
      <h4>${t("stageResult")}</h4>
      <p><${Badge} kind=${verified ? "good" : "bad"}>${t(verified ? "equal" : "different")}<//></p>
    </li>
  </ol>`;
}

function Body({ request }) {
  const text = request.json === undefined ? request.xml : JSON.stringify(request.json, null, 2);
  if (text === undefined && request.bodyBytes === 0) return null;
  return html`<details open>
    <summary>${t("body")}</summary>
    ${text === undefined ? html`<p class="note">${t("bodyBytes", bytes(request.bodyBytes))}</p>` : html`<${Code} label=${t("body")} text=${text} />`}
  </details>`;
}

function Answer({ answer }) {
  return html`<details open>
    <summary>${t("answer")}</summary>
    ${
      answer === undefined
        ? html`<p class="note">${t("noAnswer")}</p>`
        : html`<${Pairs} of=${answer.headers} />
            ${answer.body === undefined ? html`<p class="note">${t("streamed")}</p>` : answer.body !== "" && html`<${Code} label=${t("answer")} text=${json(answer.body)} />`}`
    }
  </details>`;
}
