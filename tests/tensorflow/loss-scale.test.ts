import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCheckpoint, writeCheckpoint } from '../../worker/tensorflow/checkpoint.js'
import { growthInterval, largestLossScale } from '../../worker/tensorflow/loss-scale.js'
import { buildTrainingProgram } from '../../worker/tensorflow/program.js'
import { TrainingSession } from '../../worker/tensorflow/session.js'
import { temporaryFolder } from '../data/image-files.js'
import { graphOf, randomBatch } from './networks.js'

const graph = graphOf('020-_8_1-2', 16, 4)
const batch = randomBatch(graph, 4, 1)
const options = { batch: 4, weightDecay: 5e-4, precision: 'float16' } as const

describe.each(['cpu', 'gpu'] as const)('the scale of the loss in float16, in programs for a %s', (device) => {
  let session: TrainingSession
  let start: Map<string, Float32Array>
  beforeAll(async () => {
    session = await TrainingSession.open(buildTrainingProgram(graph, { ...options, device }))
    session.initialize(1)
    start = session.read()
    for (const [name, values] of start) if (name.endsWith('/momentum')) values.forEach((_, i) => (values[i] = i % 3 === 0 ? -0 : 0.01 * (i % 7)))
  })
  afterAll(() => session.close())

  /** Sets scale and count of good steps, and whatever else. */
  function restore(scale: number, goodSteps: number, others: Record<string, Float32Array> = {}): Map<string, Float32Array> {
    const values = new Map([...start, ['loss_scale', Float32Array.of(scale)], ['loss_scale/good_steps', Float32Array.of(goodSteps)], ...Object.entries(others)])
    session.restore(values)
    return values
  }

  /** Maps that overflow float16 in the forward pass, whatever the scale. */
  const overflowing = () => ({ 'stem/0/bn/gamma': start.get('stem/0/bn/gamma')!.map(() => 1e6) })

  it('is halved by a step whose gradients overflow, and nothing else changes, to the bit', () => {
    const before = restore(largestLossScale, 7, { 'head/bias': Float32Array.of(30, -30, 0, 0) })
    const result = session.trainStep(batch, 0.1)
    expect(result).toMatchObject({ skipped: true, diverged: false })
    expect(Number.isFinite(result.loss)).toBe(true)
    const expected = new Map(before).set('loss_scale', Float32Array.of(largestLossScale / 2)).set('loss_scale/good_steps', Float32Array.of(0))
    // Object.is tells minus zero from zero.
    expect(session.read()).toStrictEqual(expected)
  })

  it('is halved by a step whose forward pass overflows, moving statistics included in what stays', () => {
    const before = restore(1024, 7, overflowing())
    expect(session.trainStep(batch, 0.1)).toMatchObject({ skipped: true, diverged: false })
    expect(session.read()).toStrictEqual(new Map(before).set('loss_scale', Float32Array.of(512)).set('loss_scale/good_steps', Float32Array.of(0)))
  })

  it('comes down from too high a start within a few steps, and training goes on', () => {
    restore(largestLossScale, 0)
    const results = Array.from({ length: 24 }, () => session.trainStep(batch, 0.02))
    expect(results[0].skipped).toBe(true)
    expect(results.at(-1)).toMatchObject({ skipped: false, diverged: false })
    expect(results.at(-1)!.loss).toBeLessThan(results[0].loss)
    const taken = results.filter(({ skipped }) => !skipped).length
    expect(session.read().get('step')).toEqual(Float32Array.of(taken))
  })

  it('is doubled after many good steps, up to a limit', () => {
    restore(128, growthInterval - 2)
    session.trainStep(batch, 0)
    expect(session.read().get('loss_scale')).toEqual(Float32Array.of(128))
    session.trainStep(batch, 0)
    expect(session.read().get('loss_scale')).toEqual(Float32Array.of(256))
    expect(session.read().get('loss_scale/good_steps')).toEqual(Float32Array.of(0))
  })

  it('cannot be halved for ever: a network that overflows at 1 has diverged', () => {
    restore(4, 0, overflowing())
    const results = Array.from({ length: 3 }, () => session.trainStep(batch, 0.1))
    expect(results.map(({ skipped, diverged }) => [skipped, diverged])).toEqual([[true, false], [true, false], [true, true]])
    expect(session.read().get('loss_scale')).toEqual(Float32Array.of(1))
  })

  it('does not change what is learned', () => {
    const gradients = [64, 1024].map((scale) => {
      restore(scale, 0, Object.fromEntries([...start].filter(([name]) => name.endsWith('/momentum')).map(([name, { length }]) => [name, new Float32Array(length)])))
      session.trainStep(batch, 0)
      return session.read().get('head/weight/momentum')!
    })
    gradients[0].forEach((value, i) => expect(Math.abs(value - gradients[1][i])).toBeLessThan(1e-2 * Math.max(...gradients[1].map(Math.abs))))
  })

  it('is part of the checkpoint: a training goes on from the file as if it had never stopped, to the bit', async () => {
    restore(largestLossScale / 2, 3)
    for (let step = 0; step < 12; step++) session.trainStep(batch, 0.05)
    const path = join(temporaryFolder(), 'last.safetensors')
    await writeCheckpoint(path, session.read(), session.shapes, {})
    const next = session.trainStep(batch, 0.05)
    const after = session.read()
    const other = await TrainingSession.open(buildTrainingProgram(graph, { ...options, device }))
    try {
      other.restore((await readCheckpoint(path, other.shapes)).variables)
      expect(other.trainStep(batch, 0.05)).toStrictEqual(next)
      expect(other.read()).toStrictEqual(after)
    } finally {
      other.close()
    }
  })

  it.each(['float32', 'bfloat16'] as const)('leaves a program in %s alone, which takes a checkpoint of float16 all the same', async (precision) => {
    const other = await TrainingSession.open(buildTrainingProgram(graph, { ...options, device, precision }))
    try {
      other.restore(restore(512, 5))
      expect(other.trainStep(batch, 0.05)).toMatchObject({ skipped: false, diverged: false })
      expect(other.read().get('loss_scale')).toEqual(Float32Array.of(512))
    } finally {
      other.close()
    }
  })
})
