import { CancelledError } from '../../shared/errors.js'

/**
 * Maps items with at most `inFlight` at work, giving results in the order of the items. All `inFlight` are at work whenever
 * a result is handed out, so that they go on in the thread pool while the consumer blocks the event loop. Leaving the loop
 * early, an error, or the signal waits for those at work and starts no more.
 */
export async function* mapInOrder<T, R>(
  items: Iterable<T>,
  inFlight: number,
  map: (item: T) => Promise<R>,
  signal?: AbortSignal,
): AsyncGenerator<R, void, undefined> {
  const waiting: Promise<R>[] = []
  const source = items[Symbol.iterator]()
  const refill = (): void => {
    while (waiting.length < inFlight) {
      const next = source.next()
      if (next.done === true) return
      const result = map(next.value)
      // A failure is met when its turn comes; until then it must not count as unhandled.
      void result.catch(() => undefined)
      waiting.push(result)
    }
  }
  try {
    for (refill(); waiting.length > 0; refill()) {
      if (signal?.aborted === true) throw new CancelledError('loading of images was cancelled')
      const result = await waiting[0]
      void waiting.shift()
      refill()
      yield result
    }
  } finally {
    await Promise.allSettled(waiting)
  }
}
