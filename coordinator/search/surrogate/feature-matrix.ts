/** How a genome's features are laid out: each column belongs to a group, and the columns of a group share one relevance. */
export interface FeatureLayout {
  /** Group of every column, 0..groups-1. */
  readonly groupOfColumn: readonly number[]
  readonly groups: number
}

/** Rows of features of one layout, one after the other. */
export class FeatureMatrix {
  private values: Float64Array
  rows = 0

  constructor(readonly columns: number) {
    this.values = new Float64Array(64 * columns)
  }

  static from(columns: number, rows: Iterable<ArrayLike<number>>): FeatureMatrix {
    const matrix = new FeatureMatrix(columns)
    for (const row of rows) matrix.append(row)
    return matrix
  }

  /** All rows in one array, row by row; what lies beyond `rows` is free space. */
  get data(): Float64Array {
    return this.values
  }

  append(row: ArrayLike<number>): void {
    const start = this.rows * this.columns
    if (start + this.columns > this.values.length) {
      const grown = new Float64Array(Math.max(this.values.length * 2, this.columns))
      grown.set(this.values)
      this.values = grown
    }
    this.values.set(row, start)
    this.rows++
  }

  /** Every column times its factor. */
  scaled(factors: Float64Array): FeatureMatrix {
    const matrix = new FeatureMatrix(this.columns)
    const row = new Float64Array(this.columns)
    for (let i = 0; i < this.rows; i++) {
      for (let c = 0; c < this.columns; c++) row[c] = this.values[i * this.columns + c] * factors[c]
      matrix.append(row)
    }
    return matrix
  }
}

/** Squared Euclidean distance of row i of one matrix and row j of another. */
export function squaredDistance(a: Float64Array, i: number, b: Float64Array, j: number, columns: number): number {
  let sum = 0
  for (let c = 0, p = i * columns, q = j * columns; c < columns; c++, p++, q++) {
    const difference = a[p] - b[q]
    sum += difference * difference
  }
  return sum
}

/** As `squaredDistance`, bit for bit, for rows j to j + 3 at once, which is twice as fast. */
export function fourSquaredDistances(a: Float64Array, i: number, b: Float64Array, j: number, columns: number, distances: Float64Array): void {
  let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0]
  for (let c = 0, p = i * columns, q = j * columns; c < columns; c++, p++, q++) {
    const value = a[p]
    const difference0 = value - b[q]
    const difference1 = value - b[q + columns]
    const difference2 = value - b[q + 2 * columns]
    const difference3 = value - b[q + 3 * columns]
    sum0 += difference0 * difference0
    sum1 += difference1 * difference1
    sum2 += difference2 * difference2
    sum3 += difference3 * difference3
  }
  distances[0] = sum0
  distances[1] = sum1
  distances[2] = sum2
  distances[3] = sum3
}
