/** What a body goes through on its way. */
export interface Tap {
  /** Sees each chunk before it is handed on. */
  readonly see: (chunk: Uint8Array) => void;
  /** Told that there are no more. */
  readonly ended?: () => void;
  /** Told what the chunks' source threw, which is thrown on. */
  readonly failed?: (thrown: unknown) => void;
  /** What to wait for before a chunk is asked for; undefined to ask at once. */
  readonly before?: () => Promise<void> | undefined;
}

/**
 * The same chunks, watched.
 *
 * Not an async generator: every chunk of every body passes here, and a generator would take it through three more turns
 * of the microtask queue.
 */
export function tap(chunks: AsyncIterable<Uint8Array>, { see, ended, failed, before }: Tap): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => {
      const source = chunks[Symbol.asyncIterator]();
      const passed = (step: IteratorResult<Uint8Array>): IteratorResult<Uint8Array> => {
        if (step.done === true) ended?.();
        else see(step.value);
        return step;
      };
      const refused = (thrown: unknown): never => {
        failed?.(thrown);
        throw thrown;
      };
      const next = (): Promise<IteratorResult<Uint8Array>> => {
        const wait = before?.();
        return wait === undefined ? source.next() : wait.then(() => source.next());
      };
      return {
        next: () => next().then(passed, refused),
        return: async () => (await source.return?.()) ?? { done: true, value: undefined },
      };
    },
  };
}
