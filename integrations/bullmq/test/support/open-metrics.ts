/** One line of OpenMetrics text. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads OpenMetrics text as strictly as its specification is. @throws Error at the first line that breaks it */
export function samplesOf(text: string): Sample[] {
  if (!text.endsWith("# EOF\n")) throw new Error("no # EOF at the end");
  const families = new Map<string, string>();
  const samples: Sample[] = [];
  let family = "";
  for (const line of text.split("\n").slice(0, -2)) {
    const [, kind, name = "", rest = ""] = /^# (TYPE|HELP|UNIT) (\S+) (.*)$/.exec(line) ?? [];
    if (kind !== undefined) {
      if (kind === "TYPE" && families.has(name)) throw new Error(`${name} is declared twice`);
      if (kind === "TYPE") families.set(name, rest);
      family = name;
      continue;
    }
    const [, id = "", labels = "", value = ""] = /^([a-z_:]\w*)(?:\{(.*)\})? (\S+)$/i.exec(line) ?? [];
    const suffixes = suffixesOf[families.get(family) ?? ""];
    if (suffixes === undefined || !suffixes.some((suffix) => id === family + suffix)) {
      throw new Error(`not a sample of ${family}: ${line}`);
    }
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = "", held = ""]) => [key, held]);
    samples.push({ name: id, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) });
  }
  return samples;
}

const suffixesOf: Readonly<Record<string, readonly string[]>> = {
  gauge: [""],
  counter: ["_total", "_created"],
  histogram: ["_bucket", "_sum", "_count"],
  summary: ["", "_sum", "_count"],
};

/** The one sample of a name and these labels. @throws Error when there is none */
export function valueOf(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const found = samplesOf(text).find(
    (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  );
  if (found === undefined) throw new Error(`no ${name} ${JSON.stringify(labels)}`);
  return found.value;
}
