// The frame: views, keyboard, language and theme.
import { render } from "./vendor/preact.js";
import { useEffect, useLayoutEffect, useState } from "./vendor/preact-hooks.js";
import { Controls } from "./controls.js";
import { html } from "./elements.js";
import { Events } from "./events.js";
import { Media } from "./media.js";
import { Requests } from "./requests.js";
import { go, useRoute } from "./route.js";
import { connect, useStore } from "./store.js";
import { otherLanguage, t } from "./texts.js";
import { Uploads } from "./uploads.js";

const VIEWS = { uploads: Uploads, requests: Requests, media: Media, events: Events, controls: Controls };
const NAMES = Object.keys(VIEWS);
const THEMES = { "": "themeAuto", light: "themeLight", dark: "themeDark" };

/** The list of requests may only be on its way: it is looked for until it is there, for half a second at most. */
function focusFilter(frames = 30) {
  const box = document.querySelector('[role="search"] input, input[type="search"]');
  if (box !== null) box.focus();
  else if (frames > 0) requestAnimationFrame(() => focusFilter(frames - 1));
}

function App() {
  const state = useStore();
  const { view } = useRoute();
  const [, redraw] = useState(0);
  const [help, setHelp] = useState(false);
  const shown = NAMES.includes(view) ? view : "uploads";
  // Before the change is painted: a key that is pressed as soon as something is seen must find the listener that knows it.
  useLayoutEffect(() => {
    const press = (event) => {
      const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
      if (event.key === "Escape") {
        if (help) setHelp(false);
        else if (typing) event.target.blur();
        else if (location.hash.split("/").length > 2) history.back();
        return;
      }
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key >= "1" && event.key <= String(NAMES.length)) go([NAMES[Number(event.key) - 1]]);
      else if (event.key === "?") setHelp(!help);
      else if (event.key === "/") {
        if (shown !== "requests") go(["requests"]);
        focusFilter();
        event.preventDefault();
      } else if (["j", "k", "ArrowDown", "ArrowUp"].includes(event.key) && event.target === document.body) {
        document.querySelector('[role="listbox"]')?.focus();
      }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [help, shown]);
  useEffect(() => {
    document.title = `${t(shown)} · vodup emulator`;
  });
  const counts = {
    uploads: state.sessionCount,
    requests: state.requests.length,
    media: state.media.length,
    events: state.events.length,
    controls: state.faults.length,
  };
  const View = VIEWS[shown];
  return html`
    <header class="top">
      <a class="brand" href="#/uploads"
        ><img src="/_vodup/icon.svg" alt="" width="20" height="20" /><span>vodup <b>emulator</b></span></a
      >
      <nav aria-label="vodup">
        ${NAMES.map(
          (name, index) =>
            html`<a href="#/${name}" aria-current=${name === shown ? "page" : undefined} aria-keyshortcuts=${index + 1}
              >${t(name)}${counts[name] > 0 && html`<span class="many">${counts[name].toLocaleString()}</span>`}</a
            >`,
        )}
      </nav>
      <div class="side">
        <span class="link ${state.link}" role="status"><i aria-hidden="true"></i>${t(state.link)}</span>
        <${Theme} />
        <button type="button" class="quiet" onClick=${() => (otherLanguage(), redraw((count) => count + 1))}>
          ${t("language")}
        </button>
        <button
          type="button"
          class="quiet"
          aria-label=${t("keys")}
          aria-expanded=${help}
          onClick=${() => setHelp(!help)}
        >
          ?
        </button>
      </div>
    </header>
    ${help && html`<${Help} close=${() => setHelp(false)} />`}
    <main><${View} /></main>
  `;
}

function Theme() {
  const [theme, setTheme] = useState(localStorage.getItem("theme") ?? "");
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem("theme", theme);
  }, [theme]);
  const names = Object.keys(THEMES);
  const next = names[(names.indexOf(theme) + 1) % names.length];
  return html`<button
    type="button"
    class="quiet"
    aria-label="${t("theme")}: ${t(THEMES[theme])}"
    title="${t("theme")}: ${t(THEMES[theme])}"
    onClick=${() => setTheme(next)}
  >
    ${{ "": "◐", light: "☀", dark: "☾" }[theme]}
  </button>`;
}

function Help({ close }) {
  const keys = [
    ["1 – 5", "keyTabs"],
    ["/", "keyFilter"],
    ["↑ ↓ j k", "keyMove"],
    ["Enter", "keyOpen"],
    ["Esc", "keyClose"],
    ["?", "keyHelp"],
  ];
  return html`<aside class="help" role="dialog" aria-label=${t("keysTitle")}>
    <header>
      <h2>${t("keysTitle")}</h2>
      <button type="button" class="quiet push" aria-label=${t("close")} onClick=${close}>✕</button>
    </header>
    <dl>
      ${keys.map(
        ([key, text]) =>
          html`<div>
            <dt><kbd>${key}</kbd></dt>
            <dd>${t(text)}</dd>
          </div>`,
      )}
    </dl>
  </aside>`;
}

document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "";
connect();
render(html`<${App} />`, document.body);
