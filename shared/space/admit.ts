import { type SpaceBounds, boundsViolation, macroBoundsViolation } from './bounds.js'
import { canonicalGenome } from './canonical.js'
import type { Genome } from './genome.js'
import { genomeViolation } from './rules.js'

/** The canonical form of a genome that is valid and, in that form, within the bounds; otherwise null. */
export function admit(genome: Genome, bounds: SpaceBounds): Genome | null {
  // Most candidates of a search fail here, and the other rules take longer to check.
  if (macroBoundsViolation(genome, bounds) !== null || genomeViolation(genome) !== null) return null
  const canonical = canonicalGenome(genome)
  return boundsViolation(canonical, bounds) === null ? canonical : null
}
