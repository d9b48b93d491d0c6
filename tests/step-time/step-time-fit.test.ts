import { describe, expect, test, vi } from 'vitest'
import { leaveOneOut } from '../../coordinator/step-time/leave-one-out.js'
import { type StepFeatures, featureNames, stepFeatures } from '../../coordinator/step-time/step-features.js'
import { type StepTimeFit, fitStepTime, predictStep } from '../../coordinator/step-time/step-time-fit.js'
import type { MeasuredStep } from '../../coordinator/step-time/cost-fit.js'
import { benchFixture, graphOf, imagined } from './timed-networks.js'

// Dozens of fits each: slow on a machine that does other things at the same time.
vi.setConfig({ testTimeout: 240_000 })

/** A device of plain costs: 5 TMAC/s, slower by kind, 400 GB/s, 15 microseconds a kernel. */
const plainCosts = [0.15, 0.25, 0.3, 0.6, 2.5, 2.5, 2.5, 15, 0.5]
const plainDevice = (features: StepFeatures): number => features.reduce((sum, value, j) => sum + value * plainCosts[j], 0)

/** A device on which arithmetic hides memory traffic or the other way round, which no sum of costs can say. */
const overlappingDevice = (features: StepFeatures): number => {
  const [dense3x3, dense1x1, grouped, depthwise, elementwise, convolution, weights, kernels] = features
  return Math.max(0.2 * (dense3x3 + dense1x1 + 3 * grouped + 8 * depthwise), 3 * (elementwise + convolution + weights)) + 10 * kernels
}

function meanError(fit: StepTimeFit, unseen: readonly MeasuredStep[]): number {
  return unseen.reduce((sum, { features, stepMs }) => sum + Math.abs(predictStep(fit, features).stepMs / stepMs - 1), 0) / unseen.length
}

describe('measured step times, each predicted from all others', () => {
  test('12 training steps on a V100', () => {
    const { leaveOneOut: errors } = benchFixture('training-steps-v100.csv', 'train_step_ms', { batch: 64, kind: 'training' })
    expect(errors.folds).toBe(12)
    expect(errors.mape).toBeLessThanOrEqual(0.1)
    expect(errors.within90).toBeGreaterThanOrEqual(0.75)
  })

  test.each([
    ['inference', 64, 0.05],
    ['training', 64, 0.05],
    ['inference', 8, 0.1],
    ['inference', 1, 0.12],
  ] as const)('34 latencies on a V100, counted as %s, at batch %i: error at most %d', (kind, batch, largest) => {
    const { leaveOneOut: errors } = benchFixture('latencies-v100.csv', `batch${batch}_ms`, { batch, kind })
    expect(errors.folds).toBe(34)
    expect(errors.mape).toBeLessThanOrEqual(largest)
    expect(errors.within90).toBeGreaterThanOrEqual(0.75)
  })
})

describe('imagined devices', () => {
  const unseen = imagined(99, 60, plainDevice)

  test('ten noisy steps say enough of a device of plain costs', () => {
    expect(meanError(fitStepTime(imagined(1, 10, plainDevice, 0.03)), unseen)).toBeLessThan(0.08)
  })

  test('costs are found where the examples show them, and are never negative', () => {
    const { costs } = fitStepTime(imagined(2, 60, plainDevice)).costs
    costs.forEach((cost, j) => {
      expect(cost, featureNames[j]).toBeGreaterThanOrEqual(0)
      if (featureNames[j].startsWith('dense')) expect(cost / plainCosts[j]).toBeCloseTo(1, 0)
    })
  })

  test('with a hundred steps it also learns what no sum of costs can say', () => {
    const others = imagined(98, 60, overlappingDevice)
    const few = fitStepTime(imagined(3, 10, overlappingDevice, 0.01))
    const many = fitStepTime(imagined(3, 120, overlappingDevice, 0.01))
    expect(few.residual).toBeNull()
    expect(many.residual).not.toBeNull()
    expect(meanError({ ...many, residual: null }, others)).toBeGreaterThan(1.5 * meanError(many, others))
    expect(meanError(many, others)).toBeLessThan(0.8 * meanError(few, others))
  })

  test('where nothing is left but noise, noise is not learned', () => {
    const others = imagined(97, 60, plainDevice)
    const fit = fitStepTime(imagined(4, 60, plainDevice, 0.05))
    expect(meanError(fit, others)).toBeLessThan(0.04)
  })

  test('the interval holds about what it promises', () => {
    const { within90 } = leaveOneOut(imagined(5, 24, plainDevice, 0.1))
    expect(within90).toBeGreaterThanOrEqual(0.8)
  })

  test('an operation that no example shows costs about what its like costs, and is less certain', () => {
    const dense = ['020-_64_11-21-21', '031-_32_11-21', '0-_64_1-2-2', '020-_48_2-211', '02031-_64_1-21-2', '10001-_64_4-1-2'].map((encoding) => {
      const features = stepFeatures(graphOf(encoding), 32, 'training')
      return { features, stepMs: plainDevice(features) }
    })
    const fit = fitStepTime(dense)
    const known = predictStep(fit, stepFeatures(graphOf('020-_64_11-211-21'), 32, 'training'))
    const features = stepFeatures(graphOf('222-_64_11-211-21'), 32, 'training')
    const unknown = predictStep(fit, features)
    expect(unknown.stepMs / plainDevice(features)).toBeGreaterThan(0.5)
    expect(unknown.stepMs / plainDevice(features)).toBeLessThan(1.5)
    expect(unknown.logDeviation).toBeGreaterThan(known.logDeviation)
  })

  test('times in other units give the same predictions in those units', () => {
    const examples = imagined(6, 12, plainDevice, 0.05)
    const [{ features }] = imagined(7, 1, plainDevice)
    const seconds = fitStepTime(examples.map((example) => ({ ...example, stepMs: example.stepMs / 1000 })))
    const inMs = predictStep(fitStepTime(examples), features)
    const inSeconds = predictStep(seconds, features)
    expect(inSeconds.stepMs * 1000).toBeCloseTo(inMs.stepMs, 6)
    expect(inSeconds.logDeviation).toBeCloseTo(inMs.logDeviation, 9)
  })
})
