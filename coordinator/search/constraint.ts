import { InvalidInputError } from '../../shared/errors.js'
import { measurementOf } from './objective.js'
import type { Observation } from './search.js'

/** Bounds on a measurement, in its own unit; it need not be an objective of the search. */
export interface Constraint {
  readonly name: string
  readonly minimum?: number | undefined
  readonly maximum?: number | undefined
}

/** @throws InvalidInputError for a constraint without bounds, with NaN, or with minimum above maximum. */
export function checkConstraints(constraints: readonly Constraint[]): void {
  for (const { name, minimum, maximum } of constraints) {
    const bounded = minimum !== undefined || maximum !== undefined
    const ordered = (minimum ?? -Infinity) <= (maximum ?? Infinity)
    if (!bounded || !ordered) throw new InvalidInputError(`the constraint on ${name} needs a minimum or a maximum, in this order`)
  }
}

/** Excess over a bound, relative to the bound, so that bounds in different units weigh the same. */
function relativeExcess(excess: number, bound: number): number {
  return excess > 0 ? excess / (bound === 0 ? 1 : Math.abs(bound)) : 0
}

/** Total violation of an observation with measurements: the sum of relative excesses; 0 = all constraints hold. */
export function violationOf(observation: Observation, constraints: readonly Constraint[]): number {
  const values = observation.objectives ?? {}
  let total = 0
  for (const { name, minimum, maximum } of constraints) {
    const value = measurementOf(values, name, observation.key)
    if (minimum !== undefined) total += relativeExcess(minimum - value, minimum)
    if (maximum !== undefined) total += relativeExcess(value - maximum, maximum)
  }
  return total
}
