import type { FeatureLayout, FeatureMatrix } from './feature-matrix.js'

/**
 * Squared distances of all pairs of rows, a number for each group of features: what stays the same while relevances are fitted, and
 * shorter than the features themselves. Pairs are (1, 0), (2, 0), (2, 1), (3, 0), ...
 */
export class GroupDistances {
  readonly rows: number
  readonly groups: number
  private readonly pairs: number
  private readonly values: Float64Array

  constructor({ groups, groupOfColumn }: FeatureLayout, { rows, columns, data }: FeatureMatrix) {
    this.rows = rows
    this.groups = groups
    this.pairs = (rows * (rows - 1)) / 2
    this.values = new Float64Array(this.pairs * groups)
    for (let i = 0, start = 0; i < rows; i++) {
      for (let j = 0; j < i; j++, start += groups) {
        for (let c = 0; c < columns; c++) {
          const difference = data[i * columns + c] - data[j * columns + c]
          this.values[start + groupOfColumn[c]] += difference * difference
        }
      }
    }
  }

  /** The squared distance of each pair, its groups weighted. */
  weighted(weights: Float64Array): Float64Array {
    const { groups, values } = this
    const result = new Float64Array(this.pairs)
    for (let pair = 0, at = 0; pair < result.length; pair++) {
      let sum = 0
      for (let g = 0; g < groups; g++, at++) sum += weights[g] * values[at]
      result[pair] = sum
    }
    return result
  }

  /** For each group, the sum of its distances over all pairs, the pairs weighted. */
  sums(weights: Float64Array): Float64Array {
    const { groups, values } = this
    const result = new Float64Array(groups)
    for (let pair = 0, at = 0; pair < this.pairs; pair++) {
      const weight = weights[pair]
      for (let g = 0; g < groups; g++, at++) result[g] += weight * values[at]
    }
    return result
  }
}
