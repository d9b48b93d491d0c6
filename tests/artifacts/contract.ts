import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ArtifactStore } from '../../shared/artifacts/artifact-store.js'
import { EnvironmentError } from '../../shared/errors.js'

/** What every artifact store must do. */
export function artifactContract(name: string, open: (folder: string) => ArtifactStore): void {
  describe(name, () => {
    let folder: string
    let store: ArtifactStore
    const file = (): string => join(folder, 'file')
    const put = (candidate: number, epoch: number, top1: number, text: string): Promise<void> => {
      writeFileSync(file(), text)
      return store.put({ searchId: 'a-search', candidate, epoch, top1 }, file())
    }
    const read = async (candidate: number, epoch: number): Promise<string | null> => {
      const copy = join(folder, 'deep', 'copy')
      return (await store.get({ searchId: 'a-search', candidate, epoch }, copy)) ? readFileSync(copy, 'utf8') : null
    }

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'nasoa-artifacts-'))
      store = open(join(folder, 'artifacts'))
    })
    afterEach(() => rmSync(folder, { recursive: true, force: true }))

    test('gives back what was put, listed by epoch', async () => {
      await put(7, 12, 0.5, 'twelve')
      await put(7, 3, 1 / 3, 'three')
      await put(8, 1, 0, 'other')
      expect(await store.list('a-search', 7)).toMatchObject([
        { searchId: 'a-search', candidate: 7, epoch: 3, bytes: 5, top1: expect.closeTo(1 / 3, 8) as number },
        { epoch: 12, top1: 0.5, bytes: 6 },
      ])
      expect([await read(7, 3), await read(7, 12), await read(8, 1)]).toEqual(['three', 'twelve', 'other'])
    })

    test('what was never put is not there, and deleting it is no error', async () => {
      expect(await store.list('a-search', 1)).toEqual([])
      expect(await read(1, 1)).toBeNull()
      await store.delete({ searchId: 'a-search', candidate: 1, epoch: 1 })
      await store.deleteCandidate('a-search', 1)
    })

    test('a later put of the same epoch replaces the earlier one', async () => {
      await put(1, 2, 0.25, 'first')
      await put(1, 2, 0.75, 'second')
      expect(await store.list('a-search', 1)).toMatchObject([{ epoch: 2, top1: 0.75, bytes: 6 }])
      expect(await read(1, 2)).toBe('second')
    })

    test('deletes one epoch, or all of a candidate, and nothing else', async () => {
      for (const epoch of [1, 2, 3]) await put(1, epoch, 0.1, 'x')
      await put(2, 1, 0.1, 'x')
      await store.delete({ searchId: 'a-search', candidate: 1, epoch: 2 })
      expect((await store.list('a-search', 1)).map(({ epoch }) => epoch)).toEqual([1, 3])
      await store.deleteCandidate('a-search', 1)
      expect([await store.list('a-search', 1), (await store.list('a-search', 2)).length]).toEqual([[], 1])
    })

    test('many writers at a time leave one whole file each', async () => {
      writeFileSync(file(), 'y'.repeat(100_000))
      await Promise.all(Array.from({ length: 8 }, (_, i) => store.put({ searchId: 'a-search', candidate: 1, epoch: 1 + (i % 2), top1: 0.5 }, file())))
      expect(await store.list('a-search', 1)).toMatchObject([{ epoch: 1, bytes: 100_000 }, { epoch: 2, bytes: 100_000 }])
    })

    test('a search id cannot lead elsewhere, and a missing file is an error of the environment', async () => {
      await expect(store.list('../other', 1)).rejects.toThrow(EnvironmentError)
      await expect(store.put({ searchId: 'a-search', candidate: 1, epoch: 1, top1: 0.5 }, join(folder, 'missing'))).rejects.toThrow(EnvironmentError)
      expect(await store.list('a-search', 1)).toEqual([])
    })
  })
}
