import { InvalidInputError } from '../../shared/errors.js'
import type { Observation } from './search.js'

/** One quantity the search optimises, by its name in the observations: top1, stepMs, imagesPerSecond, params, macs, activations, peakMemory, ... */
export interface Objective {
  readonly name: string
  readonly direction: 'maximize' | 'minimize'
}

/** One value per objective, all to be minimised: what every operator of this room works on. Infinities are allowed, NaN is not. */
export type Costs = readonly number[]

/** @throws InvalidInputError for none, unnamed or repeated objectives. */
export function checkObjectives(objectives: readonly Objective[]): void {
  if (objectives.length === 0) throw new InvalidInputError('a search needs at least one objective')
  const names = new Set(objectives.map(({ name }) => name))
  if (names.size !== objectives.length) throw new InvalidInputError(`name each objective once, got ${objectives.map(({ name }) => name).join(', ')}`)
}

/**
 * Costs of an observation; null when it ended without a measurement.
 * @throws InvalidInputError when an objective is missing or not a number.
 */
export function costsOf(observation: Observation, objectives: readonly Objective[]): Costs | null {
  const { key, objectives: values } = observation
  if (values === null) return null
  return objectives.map(({ name, direction }) => {
    const value = measurementOf(values, name, key)
    return direction === 'minimize' ? value : -value
  })
}

/** @throws InvalidInputError when the measurement is missing or not a number. */
export function measurementOf(values: Readonly<Record<string, number>>, name: string, key: string): number {
  const value = values[name]
  if (typeof value !== 'number' || Number.isNaN(value)) {
    throw new InvalidInputError(`the result of ${key} has no number for ${name}; a result must name every objective and constraint of its search`)
  }
  return value
}
