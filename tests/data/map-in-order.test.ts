import { describe, expect, test } from 'vitest'
import { CancelledError } from '../../shared/errors.js'
import { mapInOrder } from '../../worker/data/map-in-order.js'

/** Work that the test finishes item by item. */
class Work {
  readonly started: number[] = []
  private readonly finish = new Map<number, { resolve: (value: string) => void; reject: (error: Error) => void }>()

  readonly run = (item: number): Promise<string> => {
    this.started.push(item)
    return new Promise((resolve, reject) => this.finish.set(item, { resolve, reject }))
  }

  done(...items: number[]): void {
    for (const item of items) this.finish.get(item)?.resolve(`result ${item}`)
  }

  fail(item: number): void {
    this.finish.get(item)?.reject(new Error(`item ${item} failed`))
  }
}

const items = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

describe('mapping in order', () => {
  test('gives results in order, whatever order they finish in, and never has more at work than allowed', async () => {
    let atWork = 0
    let most = 0
    const results: number[] = []
    const work = async (item: number): Promise<number> => {
      most = Math.max(most, (atWork += 1))
      for (let turn = (item * 7) % 5; turn >= 0; turn--) await new Promise((resolve) => setImmediate(resolve))
      atWork -= 1
      return item
    }
    for await (const result of mapInOrder(items, 3, work)) results.push(result)
    expect(results).toEqual(items)
    expect(most).toBe(3)
  })

  test('keeps the allowed number at work while the consumer holds a result', async () => {
    const work = new Work()
    const results = mapInOrder(items, 3, work.run)
    const first = results.next()
    work.done(0)
    expect((await first).value).toBe('result 0')
    expect(work.started).toEqual([0, 1, 2, 3])
    work.done(1, 2, 3)
    await results.return()
    expect(work.started).toEqual([0, 1, 2, 3])
  })

  test('leaving early waits for what is at work', async () => {
    const work = new Work()
    const results = mapInOrder(items, 2, work.run)
    const first = results.next()
    work.done(0)
    await first
    let left = false
    const leaving = results.return().then(() => (left = true))
    await new Promise((resolve) => setImmediate(resolve))
    expect(left).toBe(false)
    work.fail(1)
    work.done(2)
    await leaving
  })

  test('an error comes in its turn, and a later one that nobody meets is not unhandled', async () => {
    const work = new Work()
    const results = mapInOrder(items, 3, work.run)
    const first = results.next()
    work.fail(1)
    work.fail(2)
    work.done(0)
    expect((await first).value).toBe('result 0')
    work.fail(3)
    await expect(results.next()).rejects.toThrow('item 1 failed')
  })

  test('the signal ends it with CancelledError', async () => {
    const controller = new AbortController()
    const work = new Work()
    const results = mapInOrder(items, 2, work.run, controller.signal)
    const first = results.next()
    work.done(0, 1)
    await first
    controller.abort()
    work.done(2)
    await expect(results.next()).rejects.toBeInstanceOf(CancelledError)
    expect(work.started).toEqual([0, 1, 2])
  })
})
