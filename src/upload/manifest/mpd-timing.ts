import type { XmlNode } from "../../xml/parse.ts";

/** Why a DASH manifest is not understood. */
export class MpdFlaw extends Error {}

/** How long a period is, in seconds; undefined where nothing tells. */
export interface PeriodTime {
  readonly duration: number | undefined;
}

/** One segment of a template. */
export interface SegmentTime {
  readonly number: bigint;
  /** In units of the timescale: beyond 2⁵³ in manifests made of Smooth Streaming. */
  readonly time: bigint;
  /** One that a rounded duration may promise without there being one, or the other way round. */
  readonly optional: boolean;
}

interface Attributes {
  readonly attributes: ReadonlyMap<string, string>;
}

/** The length of each period: its own, up to the next one's start, or up to the presentation's end (§5.3.2.1). */
export function periodTimes(root: Attributes, periods: readonly Attributes[]): PeriodTime[] {
  const total = seconds(root, "mediaPresentationDuration");
  let start = 0;
  return periods.map((period, index) => {
    start = seconds(period, "start") ?? start;
    const next = periods[index + 1];
    const end = next === undefined ? total : seconds(next, "start");
    const duration = seconds(period, "duration") ?? (end === undefined ? undefined : Math.max(0, end - start));
    start += duration ?? 0;
    return { duration };
  });
}

/** The segments of a SegmentTemplate, by its timeline or by their constant duration. */
export function* segmentTimes(
  info: Attributes & { readonly children: readonly XmlNode[] },
  period: PeriodTime,
): Generator<SegmentTime> {
  const first = integer(info, "startNumber") ?? 1n;
  const timescale = Number(integer(info, "timescale") ?? 1n);
  const offset = integer(info, "presentationTimeOffset") ?? 0n;
  const length = period.duration === undefined ? undefined : period.duration * timescale;
  const timeline = info.children.find(({ name }) => name === "SegmentTimeline");
  if (timeline === undefined) {
    yield* ofDuration(info, first, offset, length);
    return;
  }
  const end = length === undefined ? undefined : offset + BigInt(Math.ceil(length));
  let number = first;
  for (const { time, optional } of timelineTimes(timeline, end)) {
    yield { number, time, optional };
    number += 1n;
  }
}

function* ofDuration(
  info: Attributes,
  first: bigint,
  offset: bigint,
  length: number | undefined,
): Generator<SegmentTime> {
  const duration = integer(info, "duration") ?? 0n;
  if (duration <= 0n) throw new MpdFlaw("a SegmentTemplate has neither a duration nor a SegmentTimeline");
  const last = integer(info, "endNumber");
  if (last === undefined && length === undefined) throw new MpdFlaw("a SegmentTemplate has no end, as live ones do");
  const exact = (length ?? 0) / Number(duration);
  // Without an end the duration tells it, and only roughly: audio may end a segment earlier than the presentation, and
  // encoders write a short last segment (ffmpeg's audio does) that the duration does not count.
  const whole = BigInt(Math.floor(exact + 1e-6));
  const certain = last === undefined ? whole : last - first + 1n;
  const possible = last === undefined ? BigInt(Math.ceil(exact - 1e-6)) + 1n : certain;
  for (let index = 0n; index < possible; index += 1n) {
    yield { number: first + index, time: offset + index * duration, optional: index >= certain };
  }
}

/** `<S t d r>`: from `t`, `r` + 1 segments of `d`; a negative `r` repeats up to the next `t` or the end (§5.3.9.6). */
function* timelineTimes(timeline: XmlNode, end: bigint | undefined): Generator<Pick<SegmentTime, "time" | "optional">> {
  const entries = timeline.children.filter(({ name }) => name === "S");
  let time = 0n;
  for (const [index, entry] of entries.entries()) {
    time = integer(entry, "t") ?? time;
    const duration = integer(entry, "d") ?? 0n;
    if (duration <= 0n) throw new MpdFlaw("a SegmentTimeline has an entry without a duration");
    const repeat = integer(entry, "r") ?? 0n;
    const next = entries[index + 1];
    const until = next === undefined ? end : integer(next, "t");
    if (repeat < 0n && until === undefined) throw new MpdFlaw("a SegmentTimeline has no end, as live ones do");
    const count = repeat < 0n ? ceilDivide((until ?? time) - time, duration) : repeat + 1n;
    const whole = next === undefined && until !== undefined ? (until - time) / duration : count;
    for (let passed = 0n; passed < count; passed += 1n) {
      yield { time, optional: repeat < 0n && passed >= whole };
      time += duration;
    }
  }
}

const ceilDivide = (value: bigint, by: bigint): bigint => (value <= 0n ? 0n : (value + by - 1n) / by);

function integer({ attributes }: Attributes, name: string): bigint | undefined {
  const text = attributes.get(name)?.trim();
  if (text === undefined) return undefined;
  if (!/^-?\d{1,20}$/.test(text)) throw new MpdFlaw(`the attribute ${name} is not an integer`);
  return BigInt(text);
}

const durationForm =
  /^P(?:(\d{1,12})Y)?(?:(\d{1,12})M)?(?:(\d{1,12})D)?(?:T(?:(\d{1,12})H)?(?:(\d{1,12})M)?(?:(\d{0,12}(?:\.\d*)?)S)?)?$/;
/** Years and months as players count them: manifests write them as 0 if at all. */
const secondsOf = [31_536_000, 2_592_000, 86_400, 3_600, 60, 1];

/** An xs:duration in seconds. */
function seconds({ attributes }: Attributes, name: string): number | undefined {
  const text = attributes.get(name)?.trim();
  if (text === undefined) return undefined;
  const match = durationForm.exec(text);
  if (match === null) throw new MpdFlaw(`the attribute ${name} is not a duration`);
  return secondsOf.reduce((sum, unit, index) => sum + unit * Number(match[index + 1] ?? 0), 0);
}
