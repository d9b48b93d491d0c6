export interface Minimum {
  readonly point: Float64Array
  readonly value: number
}

/** Value of a function at a point; writes its gradient into `gradient`. NaN or Infinity = outside the domain. */
export type DifferentiableFunction = (point: Float64Array, gradient: Float64Array) => number

interface Bounds {
  readonly low: ArrayLike<number>
  readonly high: ArrayLike<number>
}

const [firstStep, smallestStep, largestStep] = [0.2, 1e-3, 1]

/**
 * Best point met by iRprop- (Igel and Huesken, 2000) within bounds. Steps follow the gradient's signs only, which suits the
 * marginal likelihood of a Gaussian process: its scales differ by orders of magnitude (Blum and Riedmiller, 2013).
 */
export function minimizeRprop(evaluate: DifferentiableFunction, start: ArrayLike<number>, { low, high }: Bounds, iterations: number): Minimum {
  const point = Float64Array.from(start)
  const gradient = new Float64Array(point.length)
  const previous = new Float64Array(point.length)
  const steps = new Float64Array(point.length).fill(firstStep)
  let best: Minimum = { point: point.slice(), value: Infinity }
  for (let iteration = 0; iteration < iterations; iteration++) {
    const value = evaluate(point, gradient)
    if (!Number.isFinite(value)) break
    if (value < best.value) best = { point: point.slice(), value }
    for (let i = 0; i < point.length; i++) {
      const agreement = gradient[i] * previous[i]
      if (agreement > 0) steps[i] = Math.min(steps[i] * 1.2, largestStep)
      if (agreement < 0) {
        steps[i] = Math.max(steps[i] * 0.5, smallestStep)
        gradient[i] = 0
      }
      point[i] = Math.min(high[i], Math.max(low[i], point[i] - Math.sign(gradient[i]) * steps[i]))
      previous[i] = gradient[i]
    }
  }
  return best
}
