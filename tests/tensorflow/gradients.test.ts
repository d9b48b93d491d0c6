import { beforeAll, describe, expect, it } from 'vitest'
import { type TensorFlow, loadTensorFlow } from '../../worker/tensorflow/native/load.js'
import { momentumName } from '../../worker/tensorflow/variables.js'
import { runEagerly } from './eager-network.js'
import { graphOf, randomBatch, randomValues, relativeError, trainableNames, withSession } from './networks.js'

const labelSmoothing = 0.1
const classes = 5
const count = 3

/**
 * Each has a block of stride 1 and one of stride 2; at 32 pixels the blocks work on 8x8 and 4x4, at 28 on 7x7 and 4x4, at 18
 * on 5x5 and 3x3, so that stride 2 meets even and odd sizes; at 8 on 2x2 and 1x1, where convolutions are emitted tap by tap.
 */
const networks: [string, string][] = [
  ['conv3x3', '0-_8_1-2'],
  ['conv3x3 twice', '020-_8_1-2'],
  ['bottleneck of conv1x1', '10001-_16_1-2'],
  ['stride in a conv1x1', '1-_8_1-2'],
  ['two groups', '2-_8_1-2'],
  ['four groups', '3-_8_1-2'],
  ['depthwise', '4-_8_1-1'],
  ['depthwise with a channel multiplier', '4-_8_1-2'],
  ['groups of 32 channels', '5-_64_1-2'],
  ['separable', '6-_8_1-2'],
  ['two groups after conv1x1', '122-_8_1-2'],
  ['add from the input', '02020-a02_8_1-2'],
  ['add of a place', '02020-a12a13_8_1-2'],
  ['add over equal shapes', '020-a01_8_1-1'],
  ['concat from the input', '01020-c01_8_1-2'],
  ['concat of a place', '02020-c12_8_1-2'],
  ['concat and add into one place', '02020-a12c02_8_1-2'],
  ['concat before add into one place', '02020-c02a12_8_1-2'],
  ['add from the input to the first place across stride', '131-a01_8_1-2'],
]

let tf: TensorFlow
beforeAll(async () => {
  tf = await loadTensorFlow()
})

describe.each([32, 28, 18, 8])('gradients at %i pixels', (resolution) => {
  it.each(networks)('of %s equal the eager ones (%s)', async (_, encoding) => {
    const graph = graphOf(encoding, resolution, classes)
    await withSession(graph, { batch: count, labelSmoothing }, (session, program) => {
      session.initialize(11)
      const values = randomValues(program, session.read(), 12)
      session.restore(values)
      const batch = randomBatch(graph, count, 13)
      const trainable = trainableNames(program)
      const eager = runEagerly(tf, graph, values, session.shapes, trainable, batch, labelSmoothing)
      const { loss } = session.trainStep(batch, 0)
      expect(loss).toBeCloseTo(eager.loss, 5)
      // The first velocity is the gradient itself.
      const after = session.read()
      for (const name of trainable) {
        expect(relativeError(after.get(momentumName(name))!, eager.gradients.get(name)!), name).toBeLessThan(1e-3)
      }
    })
  })
})

/** Shares of a variable's length: rounding (float32) spoils small steps, curvature and the kinks of ReLU large ones. */
const steps = [3e-4, 1e-3, 1e-4, 3e-3]

describe('finite differences', () => {
  it.each(networks)('agree with the gradients of %s (%s)', async (_, encoding) => {
    const graph = graphOf(encoding, 20, classes)
    await withSession(graph, { batch: count, labelSmoothing }, (session, program) => {
      session.initialize(21)
      const values = randomValues(program, session.read(), 22)
      const batch = randomBatch(graph, count, 23)
      const lossAt = (changed: Map<string, Float32Array>): number => {
        session.restore(changed)
        return session.trainStep(batch, 0).loss
      }
      lossAt(values)
      const gradients = session.read()
      // Not the stem's, whose kinds of layers the blocks have too: it moves so many ReLUs that their kinks drown the difference.
      for (const name of trainableNames(program).filter((variable) => !variable.startsWith('stem/'))) {
        const value = values.get(name)!
        const gradient = gradients.get(momentumName(name))!
        const slope = Math.hypot(...gradient)
        // Along the gradient itself the derivative is the gradient's length, and less if its direction is wrong.
        const errorWith = (share: number): number => {
          const step = share * Math.hypot(...value)
          const moved = (distance: number) => new Map(values).set(name, value.map((x, i) => x + (distance * gradient[i]) / slope))
          return Math.abs((lossAt(moved(step)) - lossAt(moved(-step))) / (2 * step) - slope) / slope
        }
        let smallest = Infinity
        for (const share of steps) smallest = smallest < 1e-2 ? smallest : Math.min(smallest, errorWith(share))
        expect(smallest, name).toBeLessThan(1e-2)
      }
    })
  })
})
