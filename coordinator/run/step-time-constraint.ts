import type { SearchConfig } from '../../shared/config/search-config.js'
import type { StepTimeConstraint } from '../search/admission.js'
import { fidelityOf, rungsOf } from './fidelity.js'

/** What a config's constraints on step time and throughput come to; null = it has none. */
export function stepTimeConstraintOf(config: SearchConfig, classes: number): StepTimeConstraint | null {
  const { constraints, training } = config
  const { batch, resolution } = training
  const [byTime, byThroughput] = ['stepMs', 'imagesPerSecond'].map((name) => constraints.find((constraint) => constraint.name === name))
  if (byTime === undefined && byThroughput === undefined) return null
  const stepMsAt = (imagesPerSecond: number): number => (imagesPerSecond > 0 ? (1000 * batch) / imagesPerSecond : Infinity)
  return {
    bound: {
      minimumMs: Math.max(byTime?.minimum ?? 0, stepMsAt(byThroughput?.maximum ?? Infinity)),
      maximumMs: Math.min(byTime?.maximum ?? Infinity, stepMsAt(byThroughput?.minimum ?? 0)),
    },
    batch,
    classes,
    resolution,
    measuredAt: rungsOf(config).map((rung, index) => ({ fidelity: fidelityOf(config, index), resolution: rung.resolution ?? resolution })),
  }
}
