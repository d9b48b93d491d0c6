import { mean } from '../shared/mean.js'

/** Slope of the line through the points (x, y) with the least squares; null where x does not vary. */
export function leastSquaresSlope(x: readonly number[], y: readonly number[]): number | null {
  const [centreX, centreY] = [mean(x), mean(y)]
  const spread = x.reduce((sum, value) => sum + (value - centreX) ** 2, 0)
  return spread === 0 ? null : x.reduce((sum, value, index) => sum + (value - centreX) * (y[index] - centreY), 0) / spread
}
