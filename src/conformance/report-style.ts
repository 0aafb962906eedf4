/** The report is one file: its style is in it. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f7f8f8, #131618);
  --paper: light-dark(#fff, #1a1e21);
  --line: light-dark(#dfe3e5, #30373c);
  --text: light-dark(#1b2226, #e4e8ea);
  --soft: light-dark(#56626a, #9eabb3);
  --accent: light-dark(#0b6e6e, #4fc3bd);
  --good: light-dark(#1a6e3c, #6cc98d);
  --good-soft: light-dark(#dff1e5, #183424);
  --bad: light-dark(#b02525, #f28b82);
  --bad-soft: light-dark(#fbe5e3, #45211f);
  --warn: light-dark(#845400, #e8b458);
  --warn-soft: light-dark(#faecd0, #40320f);
  --none-soft: light-dark(#e6eaec, #2a3136);
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
}
* {
  box-sizing: border-box;
}
body {
  margin: 0 auto;
  max-width: 76rem;
  padding: 1.5rem 1rem 4rem;
  background: var(--ground);
  color: var(--text);
  font:
    14px/1.5 system-ui,
    -apple-system,
    "Segoe UI",
    "Noto Sans KR",
    "Malgun Gothic",
    sans-serif;
}
h1 {
  font-size: 1.4rem;
  margin: 0 0 0.3rem;
}
h2 {
  font-size: 1.05rem;
  margin: 2rem 0 0.5rem;
}
h3 {
  font-size: 1rem;
  margin: 0;
  display: inline;
}
p {
  margin: 0.3rem 0;
}
a {
  color: var(--accent);
}
code,
pre {
  font-family: var(--mono);
  font-size: 0.86em;
  unicode-bidi: isolate;
  overflow-wrap: anywhere;
}
pre {
  margin: 0.4rem 0;
  padding: 0.5rem 0.7rem;
  background: var(--ground);
  border: 1px solid var(--line);
  border-radius: 4px;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}
.soft {
  color: var(--soft);
}
.verdict {
  display: inline-block;
  min-width: 3.6rem;
  text-align: center;
  padding: 0 0.5rem;
  border-radius: 999px;
  font-size: 0.85em;
  font-weight: 600;
}
.pass {
  background: var(--good-soft);
  color: var(--good);
}
.remarks {
  background: var(--warn-soft);
  color: var(--warn);
}
.fail {
  background: var(--bad-soft);
  color: var(--bad);
}
.not {
  background: var(--none-soft);
  color: var(--soft);
}
.matrix {
  width: 100%;
  border-collapse: collapse;
}
.matrix th {
  width: 1%;
  text-align: left;
  font-weight: 600;
  padding: 0.25rem 0.6rem 0.25rem 0;
  vertical-align: top;
  white-space: nowrap;
}
.matrix td {
  padding: 0.25rem 0;
}
.cells {
  display: flex;
  flex-wrap: wrap;
  gap: 0.3rem;
}
.cells a {
  padding: 0.1rem 0.5rem;
  border-radius: 4px;
  text-decoration: none;
  font-size: 0.86em;
  border: 1px solid transparent;
}
.cells a:hover,
.cells a:focus-visible {
  border-color: currentColor;
}
table.list {
  border-collapse: collapse;
  width: 100%;
}
.list th,
.list td {
  text-align: left;
  padding: 0.25rem 0.8rem 0.25rem 0;
  border-bottom: 1px solid var(--line);
  vertical-align: top;
}
.wide {
  overflow-x: auto;
}
details {
  background: var(--paper);
  border: 1px solid var(--line);
  border-radius: 6px;
  margin: 0.4rem 0;
  padding: 0.45rem 0.8rem;
}
details:target {
  border-color: var(--accent);
}
summary {
  cursor: pointer;
}
details details {
  background: none;
}
.finding {
  border-left: 3px solid var(--bad);
  padding: 0.1rem 0 0.1rem 0.8rem;
  margin: 0.8rem 0;
}
.finding.should {
  border-color: var(--warn);
}
.rule {
  font-weight: 600;
  white-space: nowrap;
}
.lines {
  width: 100%;
  border-collapse: collapse;
  background: var(--ground);
  border: 1px solid var(--line);
  margin: 0.4rem 0;
}
.lines th {
  width: 1%;
  padding: 0.15rem 0.6rem;
  text-align: left;
  font-weight: 400;
  color: var(--soft);
  white-space: nowrap;
}
.lines td {
  padding: 0.15rem 0.6rem;
  font-family: var(--mono);
  font-size: 0.86em;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}
.lines mark {
  border-radius: 2px;
  color: inherit;
}
.lines .expected mark {
  background: var(--good-soft);
}
.lines .signed mark {
  background: var(--bad-soft);
}
pre mark {
  display: inline-block;
  min-width: 100%;
  background: var(--bad-soft);
  color: inherit;
}
@media print {
  details {
    break-inside: avoid;
  }
}
`;
