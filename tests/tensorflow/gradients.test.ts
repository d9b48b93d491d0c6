import { describe, expect, it } from 'vitest'
import { isUsingGpu, loadTensorFlow } from '../../worker/tensorflow/native/load.js'
import { momentumName } from '../../worker/tensorflow/variables.js'
import { runEagerly } from './eager-network.js'
import { computeDevice, deviceOptions } from '../../worker/trainer/device.js'
import { everyOperation, graphOf, randomBatch, randomValues, relativeError, trainableNames, withSession } from './networks.js'

const labelSmoothing = 0.1
const classes = 5
const count = 3

const tf = await loadTensorFlow()
const { oneDnn } = deviceOptions('float32', await computeDevice(isUsingGpu(tf)))
/** Grouped convolutions are emitted in another way where oneDNN does not compute them. */
const cases = everyOperation.flatMap(([name, encoding]) => {
  const ways = oneDnn && name.includes('groups') ? [true, false] : [oneDnn]
  return ways.map((way) => [name, encoding, way] as const)
})

describe.each([32, 28, 18, 8])('gradients at %i pixels', (resolution) => {
  it.each(cases)('of %s equal the eager ones (%s, oneDNN %s)', async (_, encoding, way) => {
    const graph = graphOf(encoding, resolution, classes)
    await withSession(graph, { batch: count, labelSmoothing, oneDnn: way }, (session, program) => {
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
  it.each(everyOperation)('agree with the gradients of %s (%s)', async (_, encoding) => {
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
