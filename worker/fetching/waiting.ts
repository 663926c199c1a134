/** Waiting that ends with a signal. */

export interface Abortion extends Disposable {
  /** Rejects with the signal's reason; never resolves. */
  readonly aborted: Promise<never>;
}

/** One listener for all the waits of one reader. */
export function abortion(signal: AbortSignal): Abortion {
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => {
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
  });
  aborted.catch(() => undefined);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return {
    aborted,
    [Symbol.dispose]: () => {
      signal.removeEventListener('abort', onAbort);
    },
  };
}
