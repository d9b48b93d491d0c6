import { cpSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { SubsetSpecification } from '../../shared/training/specification.js'
import { type Manifest, resolveManifest } from '../../worker/data/manifest.js'
import { readCollection } from '../../worker/data/read-collection.js'
import { temporaryFolder, writeFiles } from './image-files.js'

const names = ['c', 'a', 'e', 'b', 'd']

function folderOf(images = 8): string {
  const files = names.flatMap((name) =>
    Array.from({ length: images }, (_, index) => [
      [`train/${name}/${index}.jpg`, `${name}${index}`],
      [`val/${name}/${index}.jpg`, `${name}${index}`],
    ]).flat(),
  )
  return writeFiles(temporaryFolder(), Object.fromEntries(files) as Record<string, string>)
}

/** Without what a copy of a file need not share. */
const lasting = ({ train, validation, ...rest }: Manifest) => {
  const withoutTime = (images: Manifest['train']) => images.map(({ modifiedMs, ...image }) => (expect(modifiedMs).toBeGreaterThan(0), image))
  return { ...rest, train: withoutTime(train), validation: withoutTime(validation) }
}

const resolve = async (folder: string, subset: SubsetSpecification): Promise<Manifest> => resolveManifest(await readCollection(folder, () => undefined), subset)

describe('a subset', () => {
  test('of everything holds every image with its label and size', async () => {
    const manifest = await resolve(folderOf(2), { seed: 1 })
    expect(manifest.classes).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(lasting(manifest).train.slice(0, 3)).toEqual([
      { path: 'train/a/0.jpg', label: 0, bytes: 2 },
      { path: 'train/a/1.jpg', label: 0, bytes: 2 },
      { path: 'train/b/0.jpg', label: 1, bytes: 2 },
    ])
    expect(manifest.validation).toHaveLength(10)
  })

  test('is the same, hash included, in a copy of the folder elsewhere', async () => {
    const folder = folderOf()
    const copy = temporaryFolder()
    cpSync(folder, copy, { recursive: true })
    const subset = { classes: 3, imagesPerClass: 4, validationImagesPerClass: 2, seed: 7 }
    const [here, there] = [await resolve(folder, subset), await resolve(copy, subset)]
    expect({ ...lasting(there), directory: '' }).toEqual({ ...lasting(here), directory: '' })
    expect(here.train).toHaveLength(12)
    expect(here.validation).toHaveLength(6)
    expect([...here.classes].sort()).toEqual(here.classes)
  })

  test('has another hash when a file has another size, another name, or another seed chooses', async () => {
    const folder = folderOf()
    const subset = { imagesPerClass: 4, seed: 7 }
    const { hash, train } = await resolve(folder, subset)
    const otherSeed = await resolve(folder, { ...subset, seed: 8 })
    writeFiles(folder, { [train[0].path]: 'longer' })
    const otherSize = await resolve(folder, subset)
    expect(new Set([hash, otherSeed.hash, otherSize.hash]).size).toBe(3)
    writeFiles(folder, { 'val/a/new.jpg': 'x' })
    expect((await resolve(folder, subset)).hash).not.toBe(otherSize.hash)
  })

  test('of more images contains the smaller one of the same seed', async () => {
    const folder = folderOf()
    const paths = async (imagesPerClass: number): Promise<string[]> => (await resolve(folder, { imagesPerClass, seed: 3 })).train.map(({ path }) => path)
    const [small, large] = [await paths(3), await paths(6)]
    expect(large).toEqual(expect.arrayContaining(small))
    expect(small).toHaveLength(15)
    expect(await paths(100)).toHaveLength(40)
  })

  test('of more classes than there are is refused', async () => {
    await expect(resolve(folderOf(1), { classes: 6, seed: 1 })).rejects.toThrow(/asks for 6 classes, ".*" has 5$/)
  })
})
