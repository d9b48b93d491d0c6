import type { Rng } from '../../shared/rng.js'
import type { FeatureLayout } from './surrogate/feature-matrix.js'

/** A genome made from one or two others, with the name of the operator that made it. */
export interface Variation<G> {
  readonly genome: G
  readonly operator: string
}

/** The genomes of a finite space by number, 0..size-1. */
export interface Enumeration<G> {
  readonly size: number
  at(index: number): G
}

/**
 * What a search needs to know of the space it searches. Every operator is total: it returns a valid genome within the space's bounds.
 * A genome's key is its identity: equal networks (or rows) have equal keys, and `parse(key(g))` is equal to g.
 */
export interface SearchSpace<G> {
  /** Present where the space is finite and can be counted. */
  readonly enumeration?: Enumeration<G>
  /** Whether its genomes are a list rather than all combinations: a model then ranks the list instead of children. */
  readonly isListed?: boolean
  /** One genome at random. */
  sample(rng: Rng): G
  /** A first population that covers the space; at most `count` genomes, with distinct keys. */
  sampleSpread(rng: Rng, count: number): G[]
  mutate(rng: Rng, genome: G): Variation<G>
  /** A child of two; where they have none that is new, what the space makes instead, named as such. */
  crossover(rng: Rng, a: G, b: G): Variation<G>
  key(genome: G): string
  /** @throws InvalidInputError when the key names no genome of the space. */
  parse(key: string): G
  /** How `features` are laid out. */
  readonly featureLayout: FeatureLayout
  /** What a model of the measurements sees of a genome, by the share of a whole training spent on it: numbers of about unit range. */
  features(genome: G, fidelity?: number): number[]
}
