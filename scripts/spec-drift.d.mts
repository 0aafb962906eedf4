/**
 * Compares a specification of the VOD API with ours.
 *
 * @param args the file to compare
 * @param ownFile ours; fixtures/spec/vod-actions.json when left out
 */
export function specDrift(
  args: readonly string[],
  ownFile?: URL | string,
): Promise<{ readonly code: 0 | 1 | 2; readonly stdout: string; readonly stderr: string }>;
