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

  truncate(rows: number): void {
    this.rows = rows
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
