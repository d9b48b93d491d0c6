import { mean } from '../shared/mean.js'

/** Standard error of the mean of independent values; null for fewer than two. */
export function standardErrorOfMean(values: readonly number[]): number | null {
  if (values.length < 2) return null
  const centre = mean(values)
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1) / values.length)
}
