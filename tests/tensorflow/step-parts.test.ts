import { describe, expect, it } from 'vitest'
import { momentumName } from '../../worker/tensorflow/variables.js'
import type { StepPart } from '../../worker/tensorflow/program.js'
import { graphOf, randomBatch, trainableNames, withSession } from './networks.js'

const graph = graphOf('020-_8_1-2', 32, 5)
const batch = randomBatch(graph, 4, 1)

/** All variables before and after one step of a program that ends with the given part. */
function step(part: StepPart) {
  return withSession(graph, { batch: 4, part }, (session, program) => {
    session.initialize(2)
    const before = session.read()
    session.trainStep(batch, 0.1)
    return { before, after: session.read(), trainable: trainableNames(program) }
  })
}

describe('a step that is cut short for timing', () => {
  it('after the backward pass has computed all gradients, and applied none', async () => {
    const { before, after, trainable } = await step('backward')
    const whole = await step('whole')
    expect(trainable.length).toBeGreaterThan(20)
    for (const name of trainable) {
      // The first velocity is the gradient itself.
      expect(after.get(momentumName(name)), name).toEqual(whole.after.get(momentumName(name)))
      expect(after.get(name), name).toEqual(before.get(name))
    }
  })

  it('after the forward pass has moved the moving statistics, and computed no gradient', async () => {
    const { before, after, trainable } = await step('forward')
    expect(after.get('stem/0/bn/moving_mean')).not.toEqual(before.get('stem/0/bn/moving_mean'))
    for (const name of trainable) expect(after.get(momentumName(name)), name).toEqual(before.get(momentumName(name)))
  })
})
