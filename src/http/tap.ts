/**
 * The same chunks, each shown to `see` before it is handed on.
 *
 * Not an async generator: every chunk of every body passes here, and a generator would take it through three more turns
 * of the microtask queue.
 *
 * @param failed told what the chunks' source threw, which is thrown on
 */
export function tap(
  chunks: AsyncIterable<Uint8Array>,
  see: (chunk: Uint8Array) => void,
  failed?: (thrown: unknown) => void,
): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => {
      const source = chunks[Symbol.asyncIterator]();
      const passed = (step: IteratorResult<Uint8Array>): IteratorResult<Uint8Array> => {
        if (step.done !== true) see(step.value);
        return step;
      };
      const refused = (thrown: unknown): never => {
        failed?.(thrown);
        throw thrown;
      };
      return {
        next: () => source.next().then(passed, refused),
        return: async () => (await source.return?.()) ?? { done: true, value: undefined },
      };
    },
  };
}
