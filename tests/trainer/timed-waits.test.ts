import { expect, test } from 'vitest'
import { timedWaits } from '../../worker/trainer/timed-waits.js'

test('what a consumer waits for an item counts, what it does with it does not', async () => {
  let time = 0
  let ended = false
  const slow = async function* (): AsyncGenerator<number> {
    try {
      for (const duration of [5, 1, 2, 9]) {
        time += duration
        yield await Promise.resolve(duration)
      }
    } finally {
      ended = true
    }
  }
  const waits: number[] = []
  for await (const item of timedWaits(slow(), () => time, (duration) => waits.push(duration))) {
    time += 100
    if (item === 2) break
  }
  expect(waits).toEqual([5, 1, 2])
  expect(ended).toBe(true)
})
