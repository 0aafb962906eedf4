import type { Compared, EarlierReport } from "./compare.ts";
import { html, Html } from "./html.ts";
import type { Report, ReportedFinding, ReportedScenario } from "./report.ts";
import { style } from "./report-style.ts";
import type { Verdict } from "./verdict.ts";

/** What is put beside the report. */
export interface PageExtras {
  /** The text of an exchange: its request and its answer, without secrets. */
  readonly exchange: (scenario: string, requestId: number) => string | undefined;
  readonly comparison?: { readonly earlier: EarlierReport; readonly rows: readonly Compared[] } | undefined;
}

const marks: Readonly<Record<Verdict, string>> = { pass: "pass", remarks: "pass*", fail: "FAIL", "not judged": "none" };

/** The report as one file for people: no script, nothing loaded from anywhere. */
export function pageReport(report: Report, { exchange, comparison }: PageExtras): string {
  const { profile, command, seed, passed, counts, scenarios } = report;
  const verdict = passed ? "Passed" : "Not passed";
  const title = `${verdict}: ${counts.pass + counts.remarks} of ${scenarios.length} scenarios of ${profile}`;
  const remaining = [
    ...(counts.remarks === 0 ? [] : [`${counts.remarks} with remarks (pass*)`]),
    ...(counts.fail === 0 ? [] : [`${counts.fail} failed`]),
    ...(counts["not judged"] === 0 ? [] : [`${counts["not judged"]} not judged`]),
  ];
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>${title}</title>
        <style>
          ${new Html(style)}
        </style>
      </head>
      <body>
        <header>
          <p class="soft">vodup conformance</p>
          <h1>${title}</h1>
          <p>${remaining.join(", ")}</p>
          <p>Command: <code>${command.join(" ")}</code></p>
          <p class="soft">The same run again: <code>--seed ${seed}</code>. Rules are those of docs/wire.md.</p>
        </header>
        <main>
          <h2>Scenarios</h2>
          ${matrix(scenarios)} ${brokenRules(scenarios)}
          ${comparison === undefined ? undefined : comparisonSection(comparison.earlier, comparison.rows)}
          <h2>Each scenario</h2>
          ${scenarios.map((scenario) => scenarioSection(scenario, exchange))}
        </main>
      </body>
    </html> `;
  return page.text;
}

const className = (verdict: Verdict): string => (verdict === "not judged" ? "not" : verdict);

const badge = (verdict: Verdict | undefined): Html =>
  verdict === undefined ? html`–` : html`<span class="verdict ${className(verdict)}">${marks[verdict]}</span>`;

function matrix(scenarios: readonly ReportedScenario[]): Html {
  const families = [...new Set(scenarios.map(({ family }) => family))];
  const cell = ({ name, verdict, summary }: ReportedScenario): Html =>
    html`<a class="${className(verdict)}" href="#${name}" title="${marks[verdict]}: ${summary}"
      >${name}${verdict === "pass" ? undefined : ` ${marks[verdict]}`}</a
    >`;
  const row = (family: string): Html =>
    html`<tr>
      <th scope="row">${family}</th>
      <td><div class="cells">${scenarios.filter((one) => one.family === family).map(cell)}</div></td>
    </tr> `;
  return html`<table class="matrix">
    <tbody>
      ${families.map(row)}
    </tbody>
  </table>`;
}

function brokenRules(scenarios: readonly ReportedScenario[]): Html | undefined {
  const found = new Map<string, { level: string; remedy: string; scenarios: string[] }>();
  for (const { name, failures, remarks } of scenarios) {
    for (const { rule, level, remedy } of [...failures, ...remarks]) {
      const known = found.get(rule) ?? { level, remedy, scenarios: [] };
      if (!known.scenarios.includes(name)) known.scenarios.push(name);
      found.set(rule, known);
    }
  }
  if (found.size === 0) return undefined;
  const links = (names: readonly string[]): Html[] =>
    names.map((name, index) => html`${index === 0 ? undefined : ", "}<a href="#${name}">${name}</a>`);
  const rows = [...found].map(
    ([rule, one]) =>
      html`<tr>
        <td class="rule">${rule}</td>
        <td>${one.level}</td>
        <td>${one.remedy}</td>
        <td>${links(one.scenarios)}</td>
      </tr> `,
  );
  return html`<h2>Rules that were broken</h2>
    <div class="wide">
      <table class="list">
        <thead>
          <tr>
            <th>Rule</th>
            <th>Level</th>
            <th>What to change</th>
            <th>Seen in</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>`;
}

function comparisonSection(earlier: EarlierReport, rows: readonly Compared[]): Html {
  const changed = rows.filter(({ change }) => change === "better" || change === "worse");
  const names = (wanted: Compared["change"]): string[] =>
    rows.filter(({ change }) => change === wanted).map(({ name }) => name);
  const only = (where: string, listed: readonly string[]): Html | undefined =>
    listed.length === 0 ? undefined : html`<p class="soft">Only in ${where}: ${listed.join(", ")}.</p>`;
  const body = changed.map(
    ({ name, before, now, change }) => html`
      <tr>
        <td><a href="#${name}">${name}</a></td>
        <td>${badge(before)}</td>
        <td>${badge(now)}</td>
        <td>${change}</td>
      </tr>
    `,
  );
  const table = html`<div class="wide">
    <table class="list">
      <thead>
        <tr>
          <th>Scenario</th>
          <th>Other</th>
          <th>This</th>
          <th>Change</th>
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>
  </div>`;
  return html`<h2>Compared with another report</h2>
    <p>
      The other one: ${earlier.profile}, <code>${earlier.command.join(" ")}</code>. ${names("same").length} scenarios
      have the same verdict in both.
    </p>
    ${changed.length === 0 ? undefined : table} ${only("this report", names("added"))}
    ${only("the other", names("dropped"))}`;
}

function scenarioSection(scenario: ReportedScenario, exchange: PageExtras["exchange"]): Html {
  const { name, summary, rules, verdict, reason, durationMs, exitCode, failures, remarks, stderr } = scenario;
  const isOpen = verdict === "fail" || verdict === "remarks";
  return html`<details id="${name}" ${isOpen ? new Html(" open") : undefined}>
    <summary>
      ${badge(verdict)}
      <h3>${name}</h3>
      <span class="soft">${summary}</span>
    </summary>
    <p class="soft">
      There for ${rules.join(", ")}; ${(durationMs / 1000).toFixed(1)} s;
      ${exitCode === null ? "killed, or not started" : `exit code ${exitCode}`}
    </p>
    ${reason === undefined ? undefined : html`<p>Not judged: ${reason}</p>`}
    ${[...failures, ...remarks].map((finding) => findingSection(finding, (id) => exchange(name, id)))}
    ${
      stderr === undefined || stderr === ""
        ? undefined
        : html`<details>
            <summary>Last lines of stderr</summary>
            <pre>${stderr}</pre>
          </details>`
    }
  </details> `;
}

function findingSection(finding: ReportedFinding, exchange: (requestId: number) => string | undefined): Html {
  const { rule, level, message, remedy, request, more, difference, expectedText } = finding;
  const others = more === undefined ? "" : `, and ${more} more that show the same`;
  const text = request === undefined ? undefined : exchange(request.id);
  const title = request === undefined ? "" : `Request ${request.id}, ${request.operation}${others}`;
  return html`<div class="finding ${level}">
    <p><span class="rule">${rule}</span>${level === "should" ? " (should)" : undefined} ${message}</p>
    ${difference === undefined ? undefined : differenceTable(difference)}
    ${
      expectedText === undefined
        ? undefined
        : html`<p>What should have been signed:</p>
            <pre>${expectedText}</pre>`
    }
    <p><b>Fix:</b> ${remedy}</p>
    ${
      text === undefined
        ? html`<p class="soft">${title}</p>`
        : html`<details>
            <summary>${title}</summary>
            <pre>${text}</pre>
          </details>`
    }
  </div>`;
}

/** Both lines, with what is not the same in them marked. */
function differenceTable({ text, line, expected, signed }: NonNullable<ReportedFinding["difference"]>): Html {
  const [first, second] = [expected ?? "", signed ?? ""];
  const [start, end] = edges(Array.from(first), Array.from(second));
  const marked = (value: string | undefined): Html => {
    if (value === undefined) return html`<i>no such line</i>`;
    const letters = Array.from(value);
    const between = letters.slice(start, letters.length - end).join("");
    const [before, after] = [letters.slice(0, start).join(""), letters.slice(letters.length - end).join("")];
    return html`${before}<mark>${between}</mark>${after}`;
  };
  return html`<table class="lines">
    <caption class="soft">
      ${text}, line ${line}: the first that differs
    </caption>
    <tbody>
      <tr class="expected">
        <th scope="row">expected</th>
        <td>${marked(expected)}</td>
      </tr>
      <tr class="signed">
        <th scope="row">signed</th>
        <td>${marked(signed)}</td>
      </tr>
    </tbody>
  </table>`;
}

/** How many characters two texts begin and end with alike. */
function edges(one: readonly string[], other: readonly string[]): readonly [number, number] {
  const shorter = Math.min(one.length, other.length);
  let start = 0;
  while (start < shorter && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  return [start, end];
}
