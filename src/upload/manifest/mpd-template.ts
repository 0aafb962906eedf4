import { ManifestExcess } from "./limits.ts";
import { MpdFlaw } from "./mpd-timing.ts";

/** What a SegmentTemplate's identifiers stand for; number and time where there is one file for each segment. */
export interface TemplateValues {
  readonly id: string;
  readonly bandwidth: string;
  readonly number?: bigint | undefined;
  readonly time?: bigint | undefined;
}

/** Longer ones name no file; together they could be made to fill any memory. */
const longestTemplate = 4096;
const longestId = 255;

const identifier = /\$(?:(RepresentationID|Number|Bandwidth|Time)(?:%0(\d{1,2})d)?)?\$/g;

const tooLong = (): ManifestExcess => new ManifestExcess("a SegmentTemplate or an id is longer than any file name");

/** Whether a template has one file for each segment. */
export function isNumbered(template: string): boolean {
  if (template.length > longestTemplate) throw tooLong();
  return /\$(?:Number|Time)(?:%0\d+d)?\$/.test(template);
}

/**
 * Fills in `$RepresentationID$`, `$Number%05d$`, `$Time$`, `$Bandwidth$` and `$$` (ISO/IEC 23009-1 §5.3.9.4.4).
 * @throws MpdFlaw for any other identifier: a name with a hole would be looked for
 */
export function fillTemplate(template: string, values: TemplateValues): string {
  if (template.length > longestTemplate || values.id.length > longestId || values.bandwidth.length > longestId) {
    throw tooLong();
  }
  if (template.replace(identifier, "").includes("$")) {
    throw new MpdFlaw(`the template ${JSON.stringify(template.slice(0, 100))} has an unknown identifier`);
  }
  return template.replace(identifier, (_all, name: string | undefined, width: string | undefined) => {
    switch (name) {
      case undefined:
        return "$";
      case "RepresentationID":
        return values.id;
      case "Bandwidth":
        return values.bandwidth.padStart(Number(width ?? 0), "0");
      default: {
        const value = name === "Number" ? values.number : values.time;
        if (value === undefined) throw new MpdFlaw(`the template ${JSON.stringify(template)} has no ${name}`);
        return String(value).padStart(Number(width ?? 0), "0");
      }
    }
  });
}
