import { mkdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CancelledError } from '../../shared/errors.js'
import { QuietWindow } from '../../worker/trainer/quiet-window.js'
import { temporaryFolder } from '../data/image-files.js'

const never = new AbortController().signal

/** A promise to settle by hand. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}

describe('the quiet window', () => {
  test('lets one measure at a time, in turn', async () => {
    const path = join(temporaryFolder(), 'lock')
    let [measuring, most] = [0, 0]
    const measure = async (): Promise<void> => {
      most = Math.max(most, (measuring += 1))
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
      measuring -= 1
    }
    await Promise.all(Array.from({ length: 4 }, () => new QuietWindow(path).hold(measure, never)))
    expect(most).toBe(1)
  })

  test('pauses the others, and not the holder', async () => {
    const path = join(temporaryFolder(), 'lock')
    const [holder, other] = [new QuietWindow(path), new QuietWindow(path)]
    expect(await other.pause(never)).toBe(0)
    const { opened, open } = gate()
    const started = gate()
    const holding = holder.hold(async () => {
      expect(await holder.pause(never)).toBe(0)
      started.open()
      await opened
    }, never)
    await started.opened
    // A look is good for 20 ms; a new trainer looks at once.
    const paused = new QuietWindow(path)
    let went = false
    const waiting = paused.pause(never).then((waitedMs) => {
      went = true
      return waitedMs
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(went).toBe(false)
    open()
    await holding
    expect(await waiting).toBeGreaterThan(0)
  })

  test('is free again when a measurement fails', async () => {
    const window = new QuietWindow(join(temporaryFolder(), 'lock'))
    await expect(window.hold(() => Promise.reject(new Error('broken')), never)).rejects.toThrow('broken')
    expect(await window.hold(() => Promise.resolve('measured'), never)).toBe('measured')
  })

  test('of a holder that died blocks nobody for long', async () => {
    const path = join(temporaryFolder(), 'lock')
    mkdirSync(`${path}.lock`)
    const longAgo = new Date(Date.now() - 60_000)
    utimesSync(`${path}.lock`, longAgo, longAgo)
    expect(await new QuietWindow(path).pause(never)).toBe(0)
    expect(await new QuietWindow(path).hold(() => Promise.resolve('measured'), never)).toBe('measured')
  })

  test('waiting for it, on either side, ends with the signal', async () => {
    const path = join(temporaryFolder(), 'lock')
    mkdirSync(`${path}.lock`)
    const controller = new AbortController()
    const paused = new QuietWindow(path).pause(controller.signal)
    const holding = new QuietWindow(path).hold(() => Promise.resolve(), controller.signal)
    controller.abort()
    await expect(paused).rejects.toBeInstanceOf(CancelledError)
    await expect(holding).rejects.toBeInstanceOf(CancelledError)
  })
})
