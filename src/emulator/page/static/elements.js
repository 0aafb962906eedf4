// Small pieces that every view is made of.
import { h } from "./vendor/preact.js";
import { useEffect, useLayoutEffect, useRef, useState } from "./vendor/preact-hooks.js";
import htm from "./vendor/htm.js";
import { t } from "./texts.js";

export const html = htm.bind(h);

export const Badge = ({ kind, children }) => html`<span class="badge ${kind ?? ""}">${children}</span>`;

/** A button that says for a moment what came of it: `act` returns undefined, or why it failed. */
export function Action({ act, children, done, kind, ...rest }) {
  const [said, say] = useState(undefined);
  useEffect(() => {
    if (said === undefined) return undefined;
    const timer = setTimeout(() => say(undefined), said.failed ? 6000 : 1500);
    return () => clearTimeout(timer);
  }, [said]);
  const run = async () => {
    const failure = await act();
    say(failure === undefined ? { text: done ?? t("ok") } : { text: failure, failed: true });
  };
  return html`<button type="button" class=${kind} onClick=${run} ...${rest}>
      ${said && !said.failed ? said.text : children}</button
    >${said?.failed && html`<span class="failure" role="alert">${said.text}</span>`}`;
}

/** `text` is what is copied, or a function that gives it. */
export function Copy({ text, label }) {
  const act = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === "function" ? await text() : text);
      return undefined;
    } catch (error) {
      return String(error.message ?? error);
    }
  };
  return html`<${Action} act=${act} done=${t("copied")} kind="quiet" aria-label=${label && `${t("copy")}: ${label}`}
    >${t("copy")}<//
  >`;
}

export function Code({ text, label, mark }) {
  const lines = text.split("\n");
  return html`<div class="code">
    <pre tabindex="0" role="region" aria-label=${label}>
${lines.map(
        (line, index) => html`<span class=${index + 1 === mark ? "line marked" : "line"}>${line}${"\n"}</span>`,
      )}</pre>
    <${Copy} text=${text} label=${label} />
  </div>`;
}

export function Pairs({ of }) {
  return html`<dl class="pairs">
    ${Object.entries(of).map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

/**
 * A list of which only the rows in sight exist: `count` rows of `height` pixels. One is chosen, by arrow keys too; the
 * list has the focus, its rows have none.
 */
export function VirtualList({ count, height, row, idOf, chosen, onChoose, onOpen, label, follow }) {
  const box = useRef(null);
  const [view, setView] = useState({ top: 0, rows: 40 });
  useLayoutEffect(() => {
    const element = box.current;
    const measure = () => {
      const top = Math.floor(element.scrollTop / height);
      const rows = Math.ceil(element.clientHeight / height) + 1;
      setView((was) => (was.top === top && was.rows === rows ? was : { top, rows }));
    };
    const watcher = new ResizeObserver(measure);
    watcher.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    measure();
    return () => {
      watcher.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, [height]);
  useLayoutEffect(() => {
    if (follow) box.current.scrollTop = count * height;
  }, [count, follow, height]);
  useLayoutEffect(() => {
    const { current: element } = box;
    if (chosen < 0 || follow) return;
    const top = chosen * height;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + height > element.scrollTop + element.clientHeight)
      element.scrollTop = top + height - element.clientHeight;
  }, [chosen, height]);
  const move = (event) => {
    const page = view.rows - 2;
    const steps = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -count, End: count };
    if (event.key === "Enter" && chosen >= 0) onOpen(chosen);
    else if (event.key in steps && count > 0) {
      onChoose(Math.min(Math.max((chosen < 0 && steps[event.key] > 0 ? -1 : chosen) + steps[event.key], 0), count - 1));
    } else return;
    event.preventDefault();
  };
  const first = Math.max(0, view.top - 8);
  const last = Math.min(count, view.top + view.rows + 8);
  const rows = [];
  for (let index = first; index < last; index++) {
    rows.push(
      html`<div
        key=${index}
        id=${idOf(index)}
        role="option"
        class=${index === chosen ? "row chosen" : "row"}
        style=${{ transform: `translateY(${index * height}px)`, height: `${height}px` }}
        aria-selected=${index === chosen}
        aria-posinset=${index + 1}
        aria-setsize=${count}
        onClick=${() => onOpen(index)}
      >
        ${row(index)}
      </div>`,
    );
  }
  const active = chosen >= first && chosen < last ? idOf(chosen) : undefined;
  return html`<div
    ref=${box}
    class="list"
    role="listbox"
    tabindex="0"
    aria-label=${label}
    aria-activedescendant=${active}
    onKeyDown=${move}
  >
    <div class="sheet" role="presentation" style=${{ height: `${count * height}px` }}>${rows}</div>
  </div>`;
}
