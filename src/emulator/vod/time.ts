/** A time as the API prints it: UTC, whole seconds. */
export function isoTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** The last moment the API knows, for media that never expire. */
export const neverExpires = "9999-12-31T23:59:59Z";
