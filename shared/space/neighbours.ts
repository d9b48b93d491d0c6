import type { SpaceBounds } from './bounds.js'
import type { Genome } from './genome.js'

/**
 * Every genome that one step of an operator makes of a canonical genome; some may be invalid or outside the bounds. Enumerated
 * instead of drawn, so that an operator that finds nothing has proved that there is nothing. Each is made when it is asked for:
 * there are up to hundreds, of which a mutation looks at one or two.
 */
export type Neighbours = (genome: Genome, bounds: SpaceBounds) => (() => Genome)[]

export const indices = (length: number): number[] => Array.from({ length }, (_, index) => index)
