/** Passes items on and tells of each how long it was waited for, in the unit of `now`: what the consumer does between two does not count. */
export async function* timedWaits<T>(items: AsyncIterable<T>, now: () => number, waited: (duration: number) => void): AsyncGenerator<T, void, undefined> {
  let asked = now()
  for await (const item of items) {
    waited(now() - asked)
    yield item
    asked = now()
  }
}
