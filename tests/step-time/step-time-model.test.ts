import { describe, expect, test } from 'vitest'
import type { StepTimeExample } from '../../coordinator/step-time/measured-step.js'
import { StepTimeModel } from '../../coordinator/step-time/step-time-model.js'
import { InvalidInputError } from '../../shared/errors.js'
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
  const model = new StepTimeModel('cpu')
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

  test('restored from JSON it predicts the same, whenever it was asked before', () => {
    const model = new StepTimeModel('cpu')
    for (const example of examples) {
      model.observe(example)
      model.predict(asked, 16)
    }
    const state = JSON.parse(JSON.stringify(model.state())) as ReturnType<StepTimeModel['state']>
    const restored = StepTimeModel.restore(state)
    expect(restored.predict(asked, 16)).toEqual(model.predict(asked, 16))
    expect(restored.state()).toEqual(model.state())
    expect(restored.count).toBe(5)
  })

  test('its fit is plain data', () => {
    const fit = modelOf(examples).fit()
    expect(JSON.parse(JSON.stringify(fit))).toEqual(fit)
  })

  test.each([
    ['a time that is no number', { stepMs: NaN }],
    ['a time of zero', { stepMs: 0 }],
    ['an endless time', { stepMs: Infinity }],
    ['half an image', { batch: 0.5 }],
    ['no encoding', { encoding: 'x' }],
    ['no pixels', { resolution: 0 }],
  ])('refuses %s and keeps what it knew', (_, wrong) => {
    const model = modelOf(examples)
    const before = model.state()
    expect(() => model.observe({ ...examples[0], ...wrong })).toThrow(InvalidInputError)
    expect(model.state()).toEqual(before)
  })
})
