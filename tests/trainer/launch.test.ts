import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { ensureBuilt } from '../../bin/build.js'
import { builtModule } from '../../shared/package-root.js'
import type { TrainingRecipe } from '../../shared/training/specification.js'
import { launchTrainer } from '../../worker/trainer/launch.js'
import type { TrainCommand, TrainerEvent } from '../../worker/trainer/messages.js'
import { temporaryFolder } from '../data/image-files.js'
import { colouredClasses } from './coloured-classes.js'

beforeAll(() => ensureBuilt())

const recipe: TrainingRecipe = {
  epochs: 4,
  batch: 8,
  resolution: 16,
  learningRate: 0.05,
  weightDecay: 5e-4,
  labelSmoothing: 0.1,
  warmup: 0.1,
  augmentation: 'pad-crop',
  precision: 'float32',
  seed: 1,
}

async function training(changes: Partial<TrainingRecipe> = {}): Promise<TrainCommand> {
  const dataDirectory = await colouredClasses(16, 32, 8)
  const specification = { encoding: '020-_8_1-2', dataDirectory, subset: { seed: 0 }, recipe: { ...recipe, ...changes }, unreadableLimit: 0 }
  return { kind: 'train', specification, threads: 1, measurementLockPath: join(temporaryFolder(), 'lock') }
}

/** So long that only its end from outside can be what ends it. */
const endless = { epochs: 100_000 }

/** Calls `action` at the first event of a kind. */
function at(kind: TrainerEvent['kind'], action: () => void): (event: TrainerEvent) => void {
  let done = false
  return (event) => {
    if (event.kind !== kind || done) return
    done = true
    action()
  }
}

describe('the trainer process', () => {
  test('trains a real network on real files, writes checkpoints, measures, and continues from a checkpoint to the same end', async () => {
    const work = { ...(await training()), outputDirectory: temporaryFolder() }
    const events: TrainerEvent[] = []
    const end = await launchTrainer(work, { onEvent: (event) => events.push(event) }).ended
    expect(events.filter(({ kind }) => kind !== 'log' && kind !== 'progress').map(({ kind }) => kind)).toEqual([
      'started',
      ...Array.from({ length: 4 }, () => ['epoch', 'checkpoint']).flat(),
      'measured',
      'outcome',
    ])
    if (end.kind !== 'succeeded') throw new Error(`ended as ${JSON.stringify(end)}`)
    const { top1, stepMs, imagesPerSecond, images, checkpoint } = end.result
    expect(top1).toBe(1)
    expect(stepMs.p10).toBeGreaterThan(0)
    expect(stepMs.p90).toBeGreaterThanOrEqual(stepMs.median)
    expect(imagesPerSecond).toBeCloseTo(8000 / stepMs.median)
    expect(images).toEqual({ train: 64, validation: 16, unreadable: 0 })
    expect(checkpoint !== undefined && existsSync(checkpoint)).toBe(true)

    const again = await launchTrainer({ ...work, resumeFrom: join(work.outputDirectory, 'last.safetensors') }).ended
    expect(again).toMatchObject({ kind: 'succeeded', result: { top1, loss: end.result.loss } })
  })

  test('diverges with a rate that no network survives', async () => {
    expect(await launchTrainer(await training({ learningRate: 1e30, warmup: 0 })).ended).toMatchObject({ kind: 'diverged', epoch: 1 })
  })

  test('ends as cancelled in the middle of a training', async () => {
    const trainer = launchTrainer(await training(endless), { onEvent: at('epoch', () => trainer.cancel()) })
    expect(await trainer.ended).toEqual({ kind: 'cancelled', message: expect.any(String) as string })
  })

  test('SIGTERM is a cancellation too', async () => {
    const trainer = launchTrainer(await training(endless), { onEvent: at('epoch', () => process.kill(trainer.pid ?? 0, 'SIGTERM')) })
    expect(await trainer.ended).toMatchObject({ kind: 'cancelled' })
  })

  test('cancelled before it has begun, ends too', async () => {
    const trainer = launchTrainer(await training(endless))
    trainer.cancel()
    expect(await trainer.ended).toMatchObject({ kind: 'cancelled' })
  })

  test('killed from outside is the fault of nobody: failed, worker_lost', async () => {
    const trainer = launchTrainer(await training(endless), { onEvent: at('epoch', () => process.kill(trainer.pid ?? 0, 'SIGKILL')) })
    expect(await trainer.ended).toMatchObject({ kind: 'failed', reason: 'worker_lost', message: expect.stringMatching(/SIGKILL/) as string })
  })

  test('stuck in a step, is killed after the limit: timed_out', async () => {
    const stop = at('epoch', () => process.kill(trainer.pid ?? 0, 'SIGSTOP'))
    const trainer = launchTrainer(await training(endless), { onEvent: stop, stepLimitMs: 20_000 })
    expect(await trainer.ended).toEqual({ kind: 'timed_out', limitMs: 20_000, message: 'a single step outlasted the time limit' })
  })

  test('reports what is wrong with the work', async () => {
    const work = await training()
    const end = await launchTrainer({ ...work, specification: { ...work.specification, encoding: '9' } }).ended
    expect(end).toMatchObject({ kind: 'failed', reason: 'internal' })
  })

  test('measures alone', async () => {
    const end = await launchTrainer({ kind: 'measure', encoding: '020-_8_1-2', batch: 4, resolution: 16, classes: 3, precision: 'float32', threads: 1 }).ended
    if (end.kind !== 'measured') throw new Error(`ended as ${JSON.stringify(end)}`)
    expect(end.imagesPerSecond).toBeCloseTo(4000 / end.stepMs.median)
    expect(end.deviceClass).toMatch(/, 1 thread$/)
    expect(end.tensorflow).toMatch(/^\d+\.\d+/)
  })

  test('does not outlive its parent', async () => {
    const parent = fork(join(import.meta.dirname, 'parent.js'), [builtModule('worker/trainer/launch'), JSON.stringify(await training(endless))], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    const [pid] = (await once(parent, 'message')) as [number]
    parent.kill('SIGKILL')
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20))
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
