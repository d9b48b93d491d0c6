import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ensureBuilt } from '../../bin/build.js'
import type { Outcome } from '../../shared/training/outcome.js'
import type { TrainingSpecification } from '../../shared/training/specification.js'
import { OutOfMemoryError } from '../../worker/tensorflow/errors.js'
import { learningRateAt } from '../../worker/trainer/learning-rate.js'
import type { TrainerEvent } from '../../worker/trainer/messages.js'
import { QuietWindow } from '../../worker/trainer/quiet-window.js'
import { type TrainingOptions, runTraining } from '../../worker/trainer/train.js'
import { imageNetFolder, temporaryFolder, writeFiles } from '../data/image-files.js'
import { FakeEngine, type Script } from './fake-network.js'

beforeAll(() => ensureBuilt())

const recipe = {
  epochs: 3,
  batch: 4,
  resolution: 16,
  learningRate: 0.1,
  weightDecay: 5e-4,
  labelSmoothing: 0.1,
  warmup: 0.2,
  augmentation: 'pad-crop',
  precision: 'float32',
  seed: 1,
} as const

let specification: TrainingSpecification
let folder: string

beforeEach(async () => {
  folder = await imageNetFolder({ classes: ['a', 'b'], train: 9, val: 3 })
  specification = { encoding: '020-_4_1', dataDirectory: folder, subset: { seed: 0 }, recipe, unreadableLimit: 0.5 }
})

interface Run {
  readonly outcome: Outcome
  readonly events: TrainerEvent[]
  readonly engine: FakeEngine
}

/** A step of the throughput measurement moves the clock by 10 ms, so that it is over at once. */
async function run(script: Script = {}, changes: Partial<TrainingOptions> = {}, changed: Partial<TrainingSpecification> = {}): Promise<Run> {
  let time = 0
  const engine = new FakeEngine({ benchmarkStep: () => (time += 10), ...script })
  const events: TrainerEvent[] = []
  const outcome = await runTraining(
    { ...specification, ...changed },
    {
      engine,
      emit: (event) => events.push(event),
      signal: new AbortController().signal,
      quietWindow: new QuietWindow(join(folder, 'measurement')),
      peakBytes: () => 123,
      now: () => time,
      ...changes,
    },
  )
  return { outcome, events, engine }
}

describe('a training that succeeds', () => {
  test('tells epochs and the measurement, and reports the last epoch', async () => {
    const { outcome, events, engine } = await run({
      trainStep: (step) => ({ loss: 10 - step, correct: 1, skipped: false, diverged: false }),
      evaluateStep: (labels) => ({ lossSum: 1, correct: labels.filter((label) => label === 1).length }),
    })
    expect(events.map(({ kind }) => kind)).toEqual(['started', 'epoch', 'epoch', 'epoch', 'measured'])
    expect(events[0]).toMatchObject({ classes: 2, images: { train: 18, validation: 6 }, stepsPerEpoch: 4, epochs: 3, epochsDone: 0, deviceClass: 'test device' })
    // Losses 10 .. -1 by step; an epoch's loss is the mean of its four.
    expect(events.filter((event) => event.kind === 'epoch').map(({ epoch, loss, top1, trainTop1 }) => [epoch, loss, top1, trainTop1])).toEqual([
      [1, 8.5, 0.5, 0.25],
      [2, 4.5, 0.5, 0.25],
      [3, 0.5, 0.5, 0.25],
    ])
    expect(outcome).toMatchObject({
      kind: 'succeeded',
      result: { top1: 0.5, loss: 0.5, epochs: 3, deviceClass: 'test device', images: { train: 18, validation: 6, unreadable: 0 } },
    })
    expect(engine.requests).toEqual([expect.objectContaining({ encoding: '020-_4_1', classes: 2, batch: 4, resolution: 16, weightDecay: 5e-4, labelSmoothing: 0.1 })])
    expect(engine.network.closed).toBe(true)
  })

  test('steps through the whole schedule of the learning rate', async () => {
    const { engine } = await run()
    expect(engine.network.rates).toEqual(Array.from({ length: 12 }, (_, step) => learningRateAt(step, 12, recipe)))
  })

  test('gives a sign of life within a long epoch, every few seconds of its own time', async () => {
    let time = 0
    const { events } = await run(
      { trainStep: () => ({ loss: (time += 3000) && 2, correct: 0, skipped: false, diverged: false }), benchmarkStep: () => (time += 10) },
      { now: () => time },
    )
    expect(events.filter((event) => event.kind === 'progress').slice(0, 3)).toEqual([
      { kind: 'progress', epoch: 1, step: 2, steps: 4, loss: 2 },
      { kind: 'progress', epoch: 1, step: 4, steps: 4, loss: 2 },
      { kind: 'progress', epoch: 2, step: 2, steps: 4, loss: 2 },
    ])
  })

  test('measures throughput in a quiet window: batch over median step', async () => {
    const { outcome } = await run()
    expect(outcome).toMatchObject({ result: { imagesPerSecond: 400, stepMs: { median: 10, p10: 10, p90: 10 } } })
    expect(readdirSync(folder).filter((name) => name.startsWith('measurement'))).toEqual([])
  })

  test('names unreadable files in its log and counts them', async () => {
    writeFiles(folder, { 'train/a/broken.JPEG': 'x', 'val/b/broken.JPEG': '' })
    const { outcome, events } = await run()
    expect(outcome).toMatchObject({ result: { images: { train: 18, validation: 6, unreadable: 2 } } })
    expect(events.filter((event) => event.kind === 'log').map(({ message }) => message)).toEqual([
      expect.stringContaining('train/a/broken.JPEG'),
      expect.stringContaining('val/b/broken.JPEG'),
    ])
  })
})

describe('checkpoints', () => {
  test('a resumed training sees the same batches and rates as one that never stopped', async () => {
    const whole = await run()
    const controller = new AbortController()
    const outputDirectory = temporaryFolder()
    const cut = await run(
      {},
      { outputDirectory, signal: controller.signal, emit: (event) => event.kind === 'checkpoint' && event.epoch === 2 && controller.abort() },
    )
    expect(cut.outcome.kind).toBe('cancelled')
    const resumed = await run({}, { outputDirectory, resumeFrom: join(outputDirectory, 'last.safetensors') })
    expect(resumed.outcome.kind).toBe('succeeded')
    expect(resumed.events[0]).toMatchObject({ kind: 'started', epochsDone: 2 })
    expect([...cut.engine.network.rates, ...resumed.engine.network.rates]).toEqual(whole.engine.network.rates)
    expect([...cut.engine.network.labels, ...resumed.engine.network.labels]).toEqual(whole.engine.network.labels)
    expect(resumed.engine.network.read()).toEqual(whole.engine.network.read())
  })

  test('a training that pauses has a result, and goes on to what it would have been without the pause', async () => {
    const whole = await run()
    const outputDirectory = temporaryFolder()
    const first = await run({}, { outputDirectory }, { stopAfterEpochs: 1 })
    expect(first.outcome).toMatchObject({ kind: 'succeeded', result: { epochs: 1 } })
    const rest = await run({}, { outputDirectory, resumeFrom: join(outputDirectory, 'last.safetensors') }, { stopAfterEpochs: 3 })
    expect(rest.outcome).toMatchObject({ kind: 'succeeded', result: { epochs: 3 } })
    expect([...first.engine.network.rates, ...rest.engine.network.rates]).toEqual(whole.engine.network.rates)
    expect(rest.engine.network.read()).toEqual(whole.engine.network.read())
    const beyond = await run({}, { resumeFrom: join(outputDirectory, 'last.safetensors') }, { stopAfterEpochs: 1 })
    expect(beyond.outcome).toMatchObject({ kind: 'succeeded', result: { epochs: 3 } })
  })

  test('within a lineage the resolution may change, but not the network', async () => {
    const outputDirectory = temporaryFolder()
    const lineage = 'of a search'
    await run({}, { outputDirectory }, { lineage, stopAfterEpochs: 1, recipe: { ...recipe, resolution: 8 } })
    const resumeFrom = join(outputDirectory, 'last.safetensors')
    expect((await run({}, { resumeFrom }, { lineage })).outcome).toMatchObject({ kind: 'succeeded', result: { epochs: 3 } })
    expect((await run({}, { resumeFrom }, { lineage: 'of another' })).outcome).toMatchObject({ kind: 'failed' })
    expect((await run({}, { resumeFrom })).outcome).toMatchObject({ kind: 'failed' })
  })

  test('last is of the last epoch, best of the best one', async () => {
    const top1 = [0, 6, 3]
    const outputDirectory = join(temporaryFolder(), 'made', 'on demand')
    let evaluations = 0
    const { events, outcome } = await run({ evaluateStep: () => ({ lossSum: 1, correct: top1[Math.floor(evaluations++ / 2)] / 2 }) }, { outputDirectory })
    expect(events.filter((event) => event.kind === 'checkpoint').map(({ epoch }) => epoch)).toEqual([1, 2, 3])
    expect(outcome).toMatchObject({ result: { top1: 0.5, checkpoint: join(outputDirectory, 'last.safetensors') } })
    expect(readdirSync(outputDirectory).sort()).toEqual(['best.safetensors', 'last.safetensors'])
    const { readCheckpoint } = await import('../../worker/tensorflow/checkpoint.js')
    const stepOf = async (name: string) => (await readCheckpoint(join(outputDirectory, name))).variables.get('step')?.[0]
    expect([await stepOf('best.safetensors'), await stepOf('last.safetensors')]).toEqual([8, 12])
  })

  test('of another training, or none at all, are refused', async () => {
    const outputDirectory = temporaryFolder()
    await run({}, { outputDirectory })
    const resumeFrom = join(outputDirectory, 'last.safetensors')
    const other = await run({}, { resumeFrom }, { recipe: { ...recipe, seed: 2 } })
    expect(other.outcome).toMatchObject({ kind: 'failed', message: expect.stringMatching(/belongs to another training/) as string })
    const absent = await run({}, { resumeFrom: join(outputDirectory, 'absent') })
    expect(absent.outcome).toMatchObject({ kind: 'failed', message: expect.stringMatching(/absent/) as string })
  })

  test('that cannot be written fail the job as a matter of the disk', async () => {
    const file = join(temporaryFolder(), 'a file')
    writeFileSync(file, '')
    const { outcome, engine } = await run({}, { outputDirectory: join(file, 'below') })
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'disk' })
    expect(engine.network.closed).toBe(true)
  })

  test('are not written when nobody asks for them', async () => {
    const { outcome } = await run()
    expect(outcome.kind === 'succeeded' && outcome.result.checkpoint).toBeUndefined()
    expect(existsSync(join(folder, 'last.safetensors'))).toBe(false)
  })
})

describe('other ends', () => {
  test('a loss that is no number ends as diverged in that step', async () => {
    const { outcome, engine } = await run({ trainStep: (step) => ({ loss: step === 5 ? NaN : 1, correct: 0, skipped: false, diverged: step === 5 }) })
    expect(outcome).toMatchObject({ kind: 'diverged', epoch: 2, message: expect.stringMatching(/NaN in step 2 of epoch 2/) as string })
    expect(engine.network.rates).toHaveLength(6)
    expect(engine.network.closed).toBe(true)
  })

  test('steps that were skipped are no divergence, and what has no loss does not count', async () => {
    const { outcome } = await run({ trainStep: (step) => ({ loss: step % 2 === 0 ? NaN : 2, correct: 0, skipped: step % 2 === 0, diverged: false }) })
    expect(outcome).toMatchObject({ kind: 'succeeded', result: { loss: 2 } })
  })

  test('an epoch without a single loss ends as diverged, and so does an overflow at the smallest scale', async () => {
    const skipping = await run({ trainStep: () => ({ loss: NaN, correct: 0, skipped: true, diverged: false }) })
    expect(skipping.outcome).toMatchObject({ kind: 'diverged', epoch: 1, message: expect.stringMatching(/no step of epoch 1/) as string })
    const overflowing = await run({ trainStep: () => ({ loss: 1, correct: 0, skipped: true, diverged: true }) })
    expect(overflowing.outcome).toMatchObject({ kind: 'diverged', epoch: 1, message: expect.stringMatching(/smallest scale of the loss in step 1/) as string })
  })

  test('a validation loss that is infinite ends as diverged too', async () => {
    const { outcome } = await run({ evaluateStep: () => ({ lossSum: Infinity, correct: 0 }) })
    expect(outcome).toMatchObject({ kind: 'diverged', epoch: 1 })
  })

  test('the time limit is looked at before every step', async () => {
    let time = 0
    const { outcome, engine } = await run(
      { trainStep: () => ({ loss: (time += 100) && 1, correct: 0, skipped: false, diverged: false }) },
      { now: () => time },
      { timeLimitMs: 250 },
    )
    expect(outcome).toMatchObject({ kind: 'timed_out', limitMs: 250 })
    expect(engine.network.rates).toHaveLength(3)
  })

  test('the signal ends it as cancelled before the next step', async () => {
    const controller = new AbortController()
    const { outcome, engine } = await run(
      {
        trainStep: (step) => {
          if (step === 1) controller.abort()
          return { loss: 1, correct: 0, skipped: false, diverged: false }
        },
      },
      { signal: controller.signal },
    )
    expect(outcome.kind).toBe('cancelled')
    expect(engine.network.rates).toHaveLength(2)
    expect(engine.network.closed).toBe(true)
  })

  test.each([
    ['OutOfMemoryError', new OutOfMemoryError('does not fit'), { kind: 'out_of_memory', peakBytes: 123 }],
    ['what the C++ library says', new Error('std::bad_alloc'), { kind: 'out_of_memory', peakBytes: 123 }],
    ['what TensorFlow says', new Error('OOM when allocating tensor with shape[64,64]'), { kind: 'out_of_memory', peakBytes: 123 }],
    ['anything else', new Error('surprise'), { kind: 'failed', reason: 'internal', message: 'surprise' }],
    ['a full disk', Object.assign(new Error('no space left'), { code: 'ENOSPC' }), { kind: 'failed', reason: 'disk' }],
  ])('an error of a step is classified: %s', async (_, error, expected) => {
    const { outcome } = await run({
      trainStep: () => {
        throw error
      },
    })
    expect(outcome).toMatchObject(expected)
  })

  test.each([
    ['another manifest', { manifestHash: '0'.repeat(64) }, /does not hold the images of this job/],
    ['no folder', { dataDirectory: '/nowhere/at/all' }, /cannot read the folder/],
    ['too large a batch', { recipe: { ...recipe, batch: 19 } }, /batch of at most 18/],
  ])('images that are not there or not right fail the job as a matter of the data: %s', async (_, changed, message) => {
    const { outcome } = await run({}, {}, changed)
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'data', message: expect.stringMatching(message) as string })
  })

  test('too many unreadable images fail the job as a matter of the data', async () => {
    writeFiles(folder, Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`train/a/broken-${index}.jpg`, 'x'])))
    const { outcome } = await run()
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'data', message: expect.stringMatching(/more than the limit of 50 %/) as string })
  })
})
