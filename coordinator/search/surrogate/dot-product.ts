/** Sum of a[p+k] * b[q+k] for k < length, in four interleaved sums: the processor runs them side by side. */
export function dotProduct(a: Float64Array, p: number, b: Float64Array, q: number, length: number): number {
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  let k = 0
  for (; k + 3 < length; k += 4) {
    s0 += a[p + k] * b[q + k]
    s1 += a[p + k + 1] * b[q + k + 1]
    s2 += a[p + k + 2] * b[q + k + 2]
    s3 += a[p + k + 3] * b[q + k + 3]
  }
  for (; k < length; k++) s0 += a[p + k] * b[q + k]
  return s0 + s1 + (s2 + s3)
}

/** Some rows of an array, all `stride` apart. */
interface Rows {
  readonly values: Float64Array
  readonly stride: number
  readonly first: number
  readonly end: number
}

/**
 * Takes off target[q], for each of the rows q, the sum of own[i] * row[i] for i < length, where `own` is another of them. Each sum is
 * taken in the order of i, whatever the other rows are; four rows go side by side.
 */
export function subtractProducts(target: Float64Array, { values, stride, first, end }: Rows, own: number, length: number): void {
  let q = first
  for (; q + 3 < end; q += 4) {
    let [rest0, rest1, rest2, rest3] = [target[q], target[q + 1], target[q + 2], target[q + 3]]
    for (let i = 0, o = own * stride, p = q * stride; i < length; i++, o++, p++) {
      const value = values[o]
      rest0 -= value * values[p]
      rest1 -= value * values[p + stride]
      rest2 -= value * values[p + 2 * stride]
      rest3 -= value * values[p + 3 * stride]
    }
    target[q] = rest0
    target[q + 1] = rest1
    target[q + 2] = rest2
    target[q + 3] = rest3
  }
  for (; q < end; q++) {
    let rest = target[q]
    for (let i = 0, o = own * stride, p = q * stride; i < length; i++, o++, p++) rest -= values[o] * values[p]
    target[q] = rest
  }
}
