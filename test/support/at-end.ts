/** What ends with the test, and with the file, that began it. */
const ofTest: Stop[] = [];
const ofFile: Stop[] = [];

export type Stop = () => unknown;

/** Calls this when the test is over; the last one first. */
export function atEnd(stop: Stop): void {
  ofTest.push(stop);
}

/** Calls this when the file's tests are over. */
export function atEndOfFile(stop: Stop): void {
  ofFile.push(stop);
}

export async function endTest(): Promise<void> {
  await endAll(ofTest);
}

export async function endFile(): Promise<void> {
  await endAll(ofFile);
}

/** One that fails does not keep the others from ending. */
async function endAll(stops: Stop[]): Promise<void> {
  const failures: unknown[] = [];
  for (const stop of stops.splice(0).toReversed()) {
    try {
      await stop();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
