import fc from 'fast-check'

export type Point = readonly number[]

/** Straight from the definition, as the yardstick for the operators. */
export function bruteDominates(a: Point, b: Point): boolean {
  return a.every((value, i) => value <= b[i]) && a.some((value, i) => value < b[i])
}

/** Peels one front after the other. */
export function bruteRanks(points: readonly Point[], dominates: (a: number, b: number) => boolean): number[] {
  const ranks = points.map(() => -1)
  for (let rank = 0; ranks.includes(-1); rank++) {
    const left = points.flatMap((_, i) => (ranks[i] === -1 ? [i] : []))
    for (const i of left.filter((i) => !left.some((j) => dominates(j, i)))) ranks[i] = rank
  }
  return ranks
}

/** Inclusion and exclusion over all subsets: exact, exponential. */
export function bruteHypervolume(points: readonly Point[], reference: Point): number {
  let total = 0
  for (let mask = 1; mask < 2 ** points.length; mask++) {
    const subset = points.filter((_, i) => (mask >> i) & 1)
    const box = reference.reduce((product, bound, d) => product * Math.max(0, bound - Math.max(...subset.map((point) => point[d]))), 1)
    total += subset.length % 2 === 1 ? box : -box
  }
  return total
}

/** Few distinct values, so that ties and duplicates are common. */
export const smallInteger = fc.integer({ min: 0, max: 6 })

export function points(dimensions: number, coordinate: fc.Arbitrary<number> = smallInteger, maxLength = 24): fc.Arbitrary<number[][]> {
  return fc.array(fc.array(coordinate, { minLength: dimensions, maxLength: dimensions }), { maxLength })
}
