import { CancelledError } from '../../shared/errors.js'

/**
 * Maps items with at most `inFlight` at work, giving results in the order of the items. All `inFlight` are at work whenever
 * a result is handed out, so that they go on in the thread pool while the consumer blocks the event loop. Leaving the loop
 * early, an error, or the signal waits for those at work and starts no more.
 */
export async function* mapInOrder<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  inFlight: number,
  map: (item: T) => Promise<R>,
  signal?: AbortSignal,
): AsyncGenerator<R, void, undefined> {
  const waiting: Promise<R>[] = []
  const source = iteratorOf(items)
  let done = false
  const refill = async (): Promise<void> => {
    while (!done && waiting.length < inFlight) {
      const next = source.next()
      const { value, done: isOver } = next instanceof Promise ? await next : next
      if (isOver === true) {
        done = true
        return
      }
      const result = map(value)
      // A failure is met when its turn comes; until then it must not count as unhandled.
      void result.catch(() => undefined)
      waiting.push(result)
    }
  }
  try {
    for (await refill(); waiting.length > 0; await refill()) {
      if (signal?.aborted === true) throw new CancelledError('loading of images was cancelled')
      const result = await waiting[0]
      void waiting.shift()
      await refill()
      yield result
    }
  } finally {
    await Promise.allSettled(waiting)
    if (!done) await source.return?.()
  }
}

function iteratorOf<T>(items: Iterable<T> | AsyncIterable<T>): Iterator<T, unknown, undefined> | AsyncIterator<T, unknown, undefined> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
}
