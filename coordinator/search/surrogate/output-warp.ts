/**
 * Monotone transformation of a cost before it is modelled: unchanged, its logarithm, or the logarithm of its distance from a point
 * below the best one known. The last stretches the good end and compresses the bad, as a model that is to find optima should; how
 * much, the marginal likelihood decides (compare Snelson, Rasmussen and Ghahramani, 2004).
 */
export type OutputWarp =
  | { readonly kind: 'identity' }
  | { readonly kind: 'logarithm' }
  | { readonly kind: 'shifted_logarithm'; readonly best: number; readonly margin: number }

/** A cost that beats the best one known by more than this share of the margin counts as this much better. */
const largestGain = 0.9

function shifted(cost: number, { best, margin }: { readonly best: number; readonly margin: number }): number {
  return Math.max(cost - best + margin, (1 - largestGain) * margin)
}

export function warp(transformation: OutputWarp, cost: number): number {
  switch (transformation.kind) {
    case 'identity':
      return cost
    case 'logarithm':
      return Math.log(cost)
    case 'shifted_logarithm':
      return Math.log(shifted(cost, transformation))
  }
}

/** The cost that is warped to this value. */
export function unwarp(transformation: OutputWarp, value: number): number {
  switch (transformation.kind) {
    case 'identity':
      return value
    case 'logarithm':
      return Math.exp(value)
    case 'shifted_logarithm':
      return Math.exp(value) + transformation.best - transformation.margin
  }
}

/** Logarithm of the warp's slope, for comparing likelihoods of differently warped costs. */
export function logSlope(transformation: OutputWarp, cost: number): number {
  switch (transformation.kind) {
    case 'identity':
      return 0
    case 'logarithm':
      return -Math.log(cost)
    case 'shifted_logarithm':
      return -Math.log(shifted(cost, transformation))
  }
}

/** Margins as shares of the interquartile range, from nearly linear to strongly bent. */
const margins = [2, 0.7, 0.25, 0.1]

/** The transformations that suit these costs; there is at least one. */
export function candidateWarps(costs: ArrayLike<number>): OutputWarp[] {
  const sorted = Float64Array.from(costs).sort()
  const quantile = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))]
  const best = sorted[0]
  const spread = quantile(0.75) - quantile(0.25) || sorted[sorted.length - 1] - best
  const shiftedLogarithms = margins.map((margin): OutputWarp => ({ kind: 'shifted_logarithm', best, margin: margin * spread }))
  return [{ kind: 'identity' }, ...(best > 0 ? [{ kind: 'logarithm' } as const] : []), ...(spread > 0 ? shiftedLogarithms : [])]
}
