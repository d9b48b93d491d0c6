import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bestOf, lastOf, superseded } from '../../shared/artifacts/checkpoint.js'
import { FolderArtifacts } from '../../shared/artifacts/folder-artifacts.js'
import { artifactContract } from './contract.js'

artifactContract('artifacts in a folder', (folder) => new FolderArtifacts(folder))

test('of a candidate the last and the best checkpoint are kept, whatever came before', () => {
  const epochs = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(epochs, (accuracies) => {
      const all = accuracies.map((top1, index) => ({ searchId: 's', candidate: 1, epoch: index + 1, top1: top1 / 4, bytes: 1 }))
      const kept = all.filter((each) => !superseded(all).includes(each))
      const best = Math.max(...accuracies)
      expect(kept.map(({ epoch }) => epoch)).toEqual([...new Set([accuracies.lastIndexOf(best) + 1, accuracies.length])].sort((a, b) => a - b))
      expect([lastOf(all)?.epoch, bestOf(all)?.top1]).toEqual([accuracies.length, best / 4])
    }),
  )
  expect([superseded([]), lastOf([]), bestOf([])]).toEqual([[], undefined, undefined])
})
