import fc from 'fast-check'
import { expect, test } from 'vitest'
import { latestFirst, superseded } from '../../shared/artifacts/checkpoint.js'
import { checkpointName, parseCheckpointName } from '../../shared/artifacts/checkpoint-path.js'

const sha256 = 'ab'.repeat(32)

test('of a candidate the last and the best checkpoint are kept, whatever came before', () => {
  const epochs = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(epochs, (accuracies) => {
      const all = accuracies.map((top1, index) => ({ searchId: 's', candidate: 1, epoch: index + 1, top1: top1 / 4, sha256, bytes: 1 }))
      const kept = all.filter((each) => !superseded(all).includes(each))
      const best = Math.max(...accuracies)
      expect(kept.map(({ epoch }) => epoch)).toEqual([...new Set([accuracies.lastIndexOf(best) + 1, accuracies.length])].sort((a, b) => a - b))
      expect(latestFirst(all).map(({ epoch }) => epoch)).toEqual(all.map(({ epoch }) => epoch).reverse())
    }),
  )
  expect([superseded([]), latestFirst([])]).toEqual([[], []])
})

test('whoever lists them in whatever order keeps the same ones', () => {
  const one = fc.record({ epoch: fc.integer({ min: 1, max: 3 }), top1: fc.integer({ min: 0, max: 2 }), sha256: fc.constantFrom('a', 'b', 'c') })
  fc.assert(
    fc.property(
      fc.uniqueArray(one, { selector: (each) => JSON.stringify(each), minLength: 1, maxLength: 8 }).chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      ([all, shuffled]) => {
        const full = (list: typeof all) => list.map((each) => ({ searchId: 's', candidate: 1, bytes: 1, ...each }))
        const names = (list: typeof all): string[] => superseded(full(list)).map(({ epoch, top1, sha256 }) => `${epoch} ${top1} ${sha256}`).sort()
        expect(names(shuffled)).toEqual(names(all))
        expect(all.length - names(all).length).toBeLessThanOrEqual(2)
      },
    ),
  )
})

test('a name says all that is known of a checkpoint, and nothing else is taken for one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 0, max: 1e9 }), (epoch, billionths) => {
      const top1 = billionths / 1e9
      expect(parseCheckpointName(checkpointName({ epoch, top1 }, sha256))).toEqual({ epoch, top1, sha256 })
    }),
  )
  const name = checkpointName({ epoch: 3, top1: 0.5 }, sha256)
  for (const other of [`${name}.part`, name.slice(1), `x/${name}`, name.toUpperCase(), '', 'last.safetensors']) expect(parseCheckpointName(other)).toBeNull()
})
