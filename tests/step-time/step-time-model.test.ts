import { describe, expect, test } from 'vitest'
import type { StepTimeExample } from '../../coordinator/step-time/measured-step.js'
import { StepTimeModel } from '../../coordinator/step-time/step-time-model.js'
import { InvalidInputError } from '../../shared/errors.js'
import { createRng } from '../../shared/rng.js'
import { defaultBounds } from '../../shared/space/bounds.js'
import { formatGenome } from '../../shared/space/format.js'
import { sampleGenome } from '../../shared/space/sample.js'
import { graphOf } from './timed-networks.js'

const size = { resolution: 32, classes: 10, batch: 16 }
const examples: StepTimeExample[] = [
  { encoding: '020-_16_11-21', stepMs: 10, ...size },
  { encoding: '031-_16_11-21', stepMs: 14, ...size },
  { encoding: '2-_32_1-2-1', stepMs: 7, ...size },
  { encoding: '020-_32_111-211', stepMs: 31, ...size },
  { encoding: '10001-_16_4-11', stepMs: 12, ...size },
]
const asked = graphOf('020-_16_111-21', 32, 10)

function modelOf(told: readonly StepTimeExample[]): StepTimeModel {
  const model = new StepTimeModel()
  for (const example of told) model.observe(example)
  return model
}

describe('a model that learns as results come in', () => {
  test('predicts once three steps are known', () => {
    expect(modelOf(examples.slice(0, 2)).predict(asked, 16)).toBeNull()
    const prediction = modelOf(examples.slice(0, 3)).predict(asked, 16)
    expect(prediction?.stepMs).toBeGreaterThan(5)
    expect(prediction?.stepMs).toBeLessThan(20)
    expect(prediction?.logDeviation).toBeGreaterThan(0)
  })

  test('a new result changes what it predicts', () => {
    const model = modelOf(examples.slice(0, 4))
    const before = model.predict(asked, 16)
    model.observe(examples[4])
    expect(model.predict(asked, 16)).not.toEqual(before)
  })

  test('told the same it predicts the same, whenever it was asked before', () => {
    const rng = createRng(1)
    const many = Array.from({ length: 90 }, (_, i) => ({ encoding: formatGenome(sampleGenome(rng, defaultBounds)), stepMs: 5 + i, ...size }))
    const model = new StepTimeModel()
    many.forEach((example, i) => {
      model.observe(example)
      if (i % 7 === 0) model.predict(asked, 16)
    })
    expect(modelOf(many).predict(asked, 16)).toEqual(model.predict(asked, 16))
  })

  test.each([
    ['a time that is no number', { stepMs: NaN }],
    ['a time of zero', { stepMs: 0 }],
    ['an endless time', { stepMs: Infinity }],
    ['half an image', { batch: 0.5 }],
    ['no encoding', { encoding: 'x' }],
    ['no pixels', { resolution: 0 }],
  ])('refuses %s', (_, wrong) => {
    const model = modelOf([{ ...examples[0], ...wrong }, ...examples])
    expect(() => model.predict(asked, 16)).toThrow(InvalidInputError)
  })
})
