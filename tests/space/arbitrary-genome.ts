import fc from 'fast-check'
import type { Genome, Operation, Skip } from '../../shared/space/genome.js'
import { genomeViolation } from '../../shared/space/rules.js'

const operation = fc.integer({ min: 0, max: 6 }) as fc.Arbitrary<Operation>

function arbitrarySkips(operations: number): fc.Arbitrary<Skip[]> {
  const places: Skip[] = []
  for (let to = 1; to <= operations; to++) for (let from = 0; from < to; from++) places.push({ kind: 'add', from, to })
  return fc
    .shuffledSubarray(places)
    .chain((chosen) => fc.tuple(...chosen.map((skip) => fc.constantFrom<Skip['kind']>('add', 'concat').map((kind) => ({ ...skip, kind })))))
}

const block = fc.integer({ min: 1, max: 3 }).chain((operations) =>
  fc.record({
    operations: fc.array(operation, { minLength: operations, maxLength: operations }),
    ratios: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: operations - 1, maxLength: operations - 1 }),
    skips: arbitrarySkips(operations),
  }),
)

const macro = fc.array(
  fc.record({
    multiplier: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, { weight: 2, arbitrary: fc.constant(2) }, fc.constantFrom(3, 4, 9)),
    stride: fc.constantFrom<1 | 2>(1, 1, 2),
  }),
  { minLength: 1, maxLength: 12 },
)

/** Any genome of the right shape, valid or not. */
export const anyGenome: fc.Arbitrary<Genome> = fc.record({
  block,
  stemChannels: fc.oneof(fc.constantFrom(2, 4, 8, 16, 32, 48, 64, 128), fc.integer({ min: 1, max: 2048 }).map((half) => 2 * half)),
  macro,
})

export const validGenome: fc.Arbitrary<Genome> = anyGenome.filter((genome) => genomeViolation(genome) === null)
