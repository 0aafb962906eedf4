// What can be turned: fault rules, the clock, certificates, a fresh start.
import { useState } from "./vendor/preact-hooks.js";
import { Action, html } from "./elements.js";
import { Environment } from "./environment.js";
import { duration, preciseTime } from "./format.js";
import { command, emulatorNow, useStore } from "./store.js";
import { t } from "./texts.js";

const STEPS = [
  ["+1 min", 60_000],
  ["+15 min", 900_000],
  ["+2 h", 7_200_000],
  ["+1 d", 86_400_000],
  ["−15 min", -900_000],
];
/** What a field holds before somebody says otherwise. */
const GIVEN = { ms: 3000, bytes: 100_000, bytesPerSecond: 100_000, status: 503, spaces: 5 };

export function Controls() {
  return html`<section class="view controls">
    <h1 class="unseen">${t("controls")}</h1>
    <${Environment} />
    <${Faults} />
    <${Clock} />
    <div class="box">
      <h2>${t("certificates")}</h2>
      <p class="note">${t("expireNote")}</p>
      <${Action} act=${() => command("POST", "/certificates", {})}>${t("expireAll")}<//>
    </div>
    <div class="box">
      <h2>${t("reset")}</h2>
      <p class="note">${t("resetNote")}</p>
      <${Action} act=${() => command("POST", "/reset", {})}>${t("resetAll")}<//>
    </div>
  </section>`;
}

function Faults() {
  const { faults } = useStore();
  const rules = faults.map(({ rule }) => rule);
  const replace = (next) => command("PUT", "/faults", next);
  return html`<div class="box">
    <h2>${t("faults")}</h2>
    <p class="note">${rules.length === 0 ? t("noFaults") : t("faultsNote")}</p>
    <ol class="rules">
      ${faults.map(
        ({ rule, applied }, index) =>
          html`<li>
            <span class="mono">${textOf(rule)}</span>
            <span class="push">${t("struck", applied)}</span>
            <button
              type="button"
              class="quiet"
              aria-label=${t("removeRule", index + 1)}
              onClick=${() => replace(rules.filter((_rule, at) => at !== index))}
            >
              ✕
            </button>
          </li>`,
      )}
    </ol>
    <${NewRule} add=${(rule) => replace([...rules, rule])} />
    ${rules.length > 1 && html`<button type="button" class="quiet" onClick=${() => replace([])}>${t("clearRules")}</button>`}
  </div>`;
}

function textOf({ operation, fault: { kind, ...fields }, ...conditions }) {
  const said = (of) =>
    Object.entries(of)
      .map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`)
      .join(", ");
  return [`${operation} → ${kind}`, said(fields), said(conditions)].filter((text) => text !== "").join(" · ");
}

function NewRule({ add }) {
  const { faultFields, operations } = useStore();
  const [rule, setRule] = useState({ operation: "UploadPart", kind: "reset-after-effect", times: "1" });
  const set = (name) => (event) => setRule({ ...rule, [name]: event.target.value });
  const number = (name) => (rule[name] === undefined || rule[name] === "" ? {} : { [name]: Number(rule[name]) });
  const fields = Object.entries(faultFields[rule.kind] ?? {}).filter(([, type]) => type.startsWith("number"));
  const act = () => {
    const own = Object.fromEntries(fields.map(([name]) => [name, Number(rule[name] ?? GIVEN[name])]));
    return add({
      operation: rule.operation,
      ...number("nth"),
      ...number("times"),
      ...number("partNumber"),
      fault: { kind: rule.kind, ...own },
    });
  };
  const count = (name, label) =>
    html`<label>${label}<input type="number" min="1" value=${rule[name] ?? ""} onInput=${set(name)} /></label>`;
  return html`<form class="form" onSubmit=${(event) => event.preventDefault()}>
    <label
      >${t("operation")}<select name="operation" value=${rule.operation} onChange=${set("operation")}>
        ${operations.map((name) => html`<option selected=${name === rule.operation}>${name}</option>`)}
      </select></label
    >
    <label
      >${t("faultKind")}<select name="kind" value=${rule.kind} onChange=${set("kind")}>
        ${Object.keys(faultFields).map((name) => html`<option selected=${name === rule.kind}>${name}</option>`)}
      </select></label
    >
    ${fields.map(([name]) => html`<label>${name}<input type="number" value=${rule[name] ?? GIVEN[name]} onInput=${set(name)} /></label>`)}
    ${count("nth", t("nth"))} ${count("times", t("times"))} ${count("partNumber", t("partNumber"))}
    <${Action} kind="main" act=${act}>${t("addRule")}<//>
  </form>`;
}

function Clock() {
  const { clockOffset } = useStore(1000);
  const shift =
    clockOffset === 0 ? t("sameTime") : t(clockOffset > 0 ? "ahead" : "behind", duration(Math.abs(clockOffset)));
  return html`<div class="box">
    <h2>${t("clock")}</h2>
    <p><span class="mono">${preciseTime(emulatorNow()).slice(0, 8)}</span> · ${shift}</p>
    <p class="note">${t("clockNote")}</p>
    <p class="buttons">
      ${STEPS.map(([label, advanceMs]) => html`<${Action} act=${() => command("POST", "/clock", { advanceMs })}>${label}<//>`)}
    </p>
  </div>`;
}
