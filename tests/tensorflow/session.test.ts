import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { InvalidInputError } from '../../shared/errors.js'
import { buildLayerGraph } from '../../shared/network/build.js'
import { createRng } from '../../shared/rng.js'
import { parseGenome } from '../../shared/space/parse.js'
import { buildTrainingProgram } from '../../worker/tensorflow/program.js'
import { type Batch, TrainingSession } from '../../worker/tensorflow/session.js'

const graph = buildLayerGraph(parseGenome('031-_8_1-2'), { resolution: 32, classes: 4 })

function randomBatch(count: number, seed: number): Batch {
  const rng = createRng(seed)
  return {
    images: Uint8Array.from({ length: count * 32 * 32 * 3 }, () => rng.integer(256)),
    labels: Int32Array.from({ length: count }, () => rng.integer(4)),
  }
}

describe('a training session', () => {
  let session: TrainingSession
  beforeAll(async () => {
    session = await TrainingSession.open(buildTrainingProgram(graph, { batch: 4, weightDecay: 5e-4, labelSmoothing: 0.1 }))
  })
  afterAll(() => session.close())

  it('repeats bit for bit with a seed', () => {
    const runs = [1, 2].map(() => {
      session.initialize(7)
      const losses = [1, 2, 3].map((step) => session.trainStep(randomBatch(4, step), 0.1).loss)
      return { losses, values: session.read() }
    })
    expect(runs[1]).toEqual(runs[0])
    session.initialize(8)
    expect(session.read().get('stem/0/weight')).not.toEqual(runs[0].values.get('stem/0/weight'))
  })

  it('learns a fixed batch', () => {
    session.initialize(1)
    const batch = randomBatch(4, 1)
    const first = session.trainStep(batch, 0.05)
    for (let step = 0; step < 30; step++) session.trainStep(batch, 0.05)
    const last = session.trainStep(batch, 0.05)
    expect(last.loss).toBeLessThan(first.loss / 2)
    expect(last).toMatchObject({ correct: 4, diverged: false })
  })

  it('says when the loss is no number any more', () => {
    session.initialize(1)
    const values = session.read()
    values.get('head/weight')?.fill(NaN)
    session.restore(values)
    expect(session.trainStep(randomBatch(4, 1), 0.1).diverged).toBe(true)
    values.get('head/weight')?.fill(1e38)
    session.restore(values)
    expect(session.trainStep(randomBatch(4, 1), 0.1).diverged).toBe(true)
  })

  it('evaluates batches of all sizes, image by image the same', () => {
    session.initialize(3)
    const { images, labels } = randomBatch(5, 9)
    const whole = session.evaluateStep({ images, labels })
    const bytes = images.length / 5
    const single = [0, 1, 2, 3, 4].map((index) =>
      session.evaluateStep({ images: images.slice(index * bytes, (index + 1) * bytes), labels: labels.slice(index, index + 1) }),
    )
    expect(single.reduce((sum, { correct }) => sum + correct, 0)).toBe(whole.correct)
    expect(single.reduce((sum, { lossSum }) => sum + lossSum, 0)).toBeCloseTo(whole.lossSum, 3)
  })

  it('takes images whose bytes end within a word, and from anywhere in memory', async () => {
    const odd = buildLayerGraph(parseGenome('031-_8_1-2'), { resolution: 33, classes: 4 })
    const bytes = 33 * 33 * 3
    const labels = Int32Array.of(0, 1, 2)
    const images = Uint8Array.from({ length: 3 * bytes }, (_, index) => (index * 31) % 251)
    const somewhere = new Uint8Array(images.length + 2).subarray(1, images.length + 1)
    somewhere.set(images)
    const oddSession = await TrainingSession.open(buildTrainingProgram(odd, { batch: 3 }))
    try {
      oddSession.initialize(3)
      const single = [0, 1, 2].map((index) => oddSession.evaluateStep({ images: images.slice(index * bytes, (index + 1) * bytes), labels: labels.slice(index, index + 1) }))
      const whole = oddSession.evaluateStep({ images: somewhere, labels })
      expect(whole.lossSum).toBeCloseTo(single.reduce((sum, { lossSum }) => sum + lossSum, 0), 4)
      expect(oddSession.evaluateStep({ images, labels })).toEqual(whole)
      const { loss } = oddSession.trainStep({ images, labels }, 0)
      expect(oddSession.trainStep({ images: somewhere, labels }, 0).loss).toBeCloseTo(loss, 5)
    } finally {
      oddSession.close()
    }
    session.initialize(3)
    const { images: even, labels: four } = randomBatch(4, 1)
    const moved = new Uint8Array(even.length + 1).subarray(1)
    moved.set(even)
    expect(session.evaluateStep({ images: moved, labels: four })).toEqual(session.evaluateStep({ images: even, labels: four }))
  })

  it('goes on from restored variables as if it had never stopped', () => {
    session.initialize(5)
    session.trainStep(randomBatch(4, 1), 0.1)
    const saved = session.read()
    const next = session.trainStep(randomBatch(4, 2), 0.1)
    const after = session.read()
    session.initialize(6)
    session.restore(saved)
    expect(session.read()).toEqual(saved)
    expect(session.trainStep(randomBatch(4, 2), 0.1)).toEqual(next)
    expect(session.read()).toEqual(after)
    expect(after.get('step')).toEqual(new Float32Array([2]))
  })

  it('restores what fits into a changed head only when asked to', () => {
    session.initialize(5)
    const before = session.read()
    const values = new Map(before).set('head/weight', new Float32Array(3))
    values.delete('head/bias')
    values.set('stem/0/bn/beta', new Float32Array(4).fill(2))
    expect(() => session.restore(values)).toThrow(InvalidInputError)
    expect(session.read()).toEqual(before)
    // As many elements in another shape are other weights all the same.
    const turned = [...session.shapes.get('stem/0/weight')!].reverse()
    const shapes = new Map(session.shapes).set('head/weight', [3]).set('stem/0/weight', turned)
    values.set('stem/0/weight', new Float32Array(before.get('stem/0/weight')!.length))
    session.restore(values, { partial: shapes })
    expect(session.read().get('head/weight')).toEqual(before.get('head/weight'))
    expect(session.read().get('head/bias')).toEqual(before.get('head/bias'))
    expect(session.read().get('stem/0/weight')).toEqual(before.get('stem/0/weight'))
    expect(session.read().get('stem/0/bn/beta')).toEqual(new Float32Array(4).fill(2))
  })

  it('times steps without changing a weight', () => {
    session.initialize(5)
    const before = session.read()
    session.benchmarkStep()
    expect(session.read().get('stem/0/weight')).toEqual(before.get('stem/0/weight'))
  })

  it('refuses batches that do not fit the program', () => {
    const { images, labels } = randomBatch(4, 1)
    expect(() => session.trainStep({ images, labels: labels.slice(1) }, 0.1)).toThrow('4 labels')
    expect(() => session.trainStep({ images: images.slice(1), labels }, 0.1)).toThrow('12288 bytes, got 12287')
    expect(() => session.evaluateStep({ images, labels: Int32Array.of(0, 4, 0, 0) })).toThrow('label 4 is not in 0..3')
  })
})
