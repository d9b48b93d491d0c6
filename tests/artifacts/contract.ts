import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DamagedCheckpointError, type ArtifactStore } from '../../shared/artifacts/artifact-store.js'
import { superseded } from '../../shared/artifacts/checkpoint.js'
import { EnvironmentError } from '../../shared/errors.js'

/** A store under test, empty. */
export interface StoreUnderTest {
  readonly store: ArtifactStore
  /** Cuts all that is stored off behind so many bytes. */
  truncate(bytes: number): void
}

/** What every artifact store must do. @param open a store that keeps what it has below the folder, or elsewhere */
export function artifactContract(name: string, open: (folder: string) => StoreUnderTest | Promise<StoreUnderTest>): void {
  describe(name, () => {
    let folder: string
    let store: ArtifactStore
    let truncate: StoreUnderTest['truncate']
    const file = (): string => join(folder, 'file')
    const copy = (): string => join(folder, 'deep', 'copy')
    const put = (candidate: number, epoch: number, top1: number, text: string): Promise<void> => {
      writeFileSync(file(), text)
      return store.put({ searchId: 'a-search', candidate, epoch, top1 }, file())
    }
    /** Contents of all checkpoints of a candidate, by epoch. */
    const read = async (candidate: number): Promise<string[]> => {
      const texts: string[] = []
      for (const each of await store.list('a-search', candidate)) {
        expect(await store.get(each, copy())).toBe(true)
        texts.push(readFileSync(copy(), 'utf8'))
      }
      return texts
    }

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'nasoa-artifacts-'))
      const opened = await open(join(folder, 'artifacts'))
      store = opened.store
      truncate = (bytes) => opened.truncate(bytes)
    })
    afterEach(() => rmSync(folder, { recursive: true, force: true }))

    test('a probe leaves nothing behind', async () => {
      await store.probe()
      await put(1, 1, 0.5, 'x')
      await store.probe()
      expect((await store.list('a-search', 1)).length).toBe(1)
    })

    test('gives back what was put, listed by epoch', async () => {
      await put(7, 12, 0.5, 'twelve')
      await put(7, 3, 1 / 3, 'three')
      await put(8, 1, 0, '')
      await put(70, 1, 0, 'not seven')
      expect(await store.list('a-search', 7)).toMatchObject([
        { searchId: 'a-search', candidate: 7, epoch: 3, bytes: 5, top1: expect.closeTo(1 / 3, 8) as number },
        { epoch: 12, top1: 0.5, bytes: 6 },
      ])
      expect([await read(7), await read(8)]).toEqual([['three', 'twelve'], ['']])
    })

    test('what was never put is not there, and what is gone is deleted without an error', async () => {
      expect(await store.list('a-search', 1)).toEqual([])
      await put(1, 1, 0.5, 'x')
      const [stored] = await store.list('a-search', 1)
      await store.delete(stored)
      expect(await store.get(stored, copy())).toBe(false)
      await store.delete(stored)
      await store.deleteCandidate('a-search', 1)
    })

    test('of two puts of an epoch each gives back its own, and whoever tidies up keeps the same one', async () => {
      await put(1, 2, 0.25, 'first')
      await put(1, 2, 0.75, 'second')
      await put(1, 2, 0.75, 'second')
      expect((await read(1)).sort()).toEqual(['first', 'second'])
      const listed = await store.list('a-search', 1)
      expect([listed, [...listed].reverse()].map((each) => superseded(each).map(({ top1 }) => top1))).toEqual([[0.25], [0.25]])
    })

    test('deletes one epoch, or all of a candidate, and nothing else', async () => {
      for (const epoch of [1, 2, 3]) await put(1, epoch, 0.1, 'x')
      await put(2, 1, 0.1, 'x')
      const stored = await store.list('a-search', 1)
      await store.delete(stored[1])
      expect((await store.list('a-search', 1)).map(({ epoch }) => epoch)).toEqual([1, 3])
      await store.deleteCandidate('a-search', 1)
      expect([await store.list('a-search', 1), (await store.list('a-search', 2)).length]).toEqual([[], 1])
    })

    test('many writers at a time leave one whole file each', async () => {
      writeFileSync(file(), 'y'.repeat(100_000))
      await Promise.all(Array.from({ length: 8 }, (_, i) => store.put({ searchId: 'a-search', candidate: 1, epoch: 1 + (i % 2), top1: 0.5 }, file())))
      expect(await store.list('a-search', 1)).toMatchObject([{ epoch: 1, bytes: 100_000 }, { epoch: 2, bytes: 100_000 }])
      expect((await read(1)).every((text) => text === 'y'.repeat(100_000))).toBe(true)
    })

    test('what is not all there is never read, and leaves nothing where it was to be', async () => {
      await put(1, 1, 0.5, 'a whole checkpoint')
      truncate(7)
      const [stored] = await store.list('a-search', 1)
      await expect(store.get(stored, copy())).rejects.toThrow(DamagedCheckpointError)
      expect(readdirSync(join(folder, 'deep'))).toEqual([])
    })

    test('a search id cannot lead elsewhere, and a missing file is an error of the environment', async () => {
      for (const id of ['../other', 'a/b', '', '.', 'a\nb']) await expect(store.list(id, 1), id).rejects.toThrow(EnvironmentError)
      await expect(store.list('a-search', -1)).rejects.toThrow(EnvironmentError)
      await expect(store.put({ searchId: 'a-search', candidate: 1, epoch: 1, top1: 0.5 }, join(folder, 'missing'))).rejects.toThrow(EnvironmentError)
      expect(await store.list('a-search', 1)).toEqual([])
    })
  })
}
