import { type Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidInputError } from '../../shared/errors.js'
import type { Split } from './image-collection.js'

/** File names of one class, sorted; only names are known yet, nothing was opened. */
export interface ClassFolder {
  readonly name: string
  readonly train: readonly string[]
  readonly val: readonly string[]
}

/** An ImageNet-layout folder, `{train,val}/<class>/<image>`; classes sorted by code units: a class's position is its label. */
export interface ImageFolder {
  readonly directory: string
  readonly classes: readonly ClassFolder[]
}

const layout = 'expected {train,val}/<class>/*.JPEG (.jpg, .jpeg or .png), or tar shards'

/** Hidden files are left out with the rest: `._x.JPEG` is what macOS leaves beside x.JPEG, not an image. */
export function isImageName(name: string): boolean {
  return /\.(jpe?g|png)$/i.test(name) && !name.startsWith('.')
}

async function entriesOf(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true })
  } catch (error) {
    throw new InvalidInputError(`cannot read the folder ${JSON.stringify(path)}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, {
      path,
    })
  }
}

/** A link counts as what it points to. A broken one with an image's name stays in, so that it is counted as unreadable. */
async function isOfKind(parent: string, entry: Dirent, kind: 'file' | 'directory'): Promise<boolean> {
  if (!entry.isSymbolicLink()) return kind === 'file' ? entry.isFile() : entry.isDirectory()
  try {
    const target = await stat(join(parent, entry.name))
    return kind === 'file' ? target.isFile() : target.isDirectory()
  } catch {
    return kind === 'file'
  }
}

async function imagesIn(path: string): Promise<string[]> {
  const named = (await entriesOf(path)).filter((entry) => isImageName(entry.name))
  const kept = await Promise.all(named.map((entry) => isOfKind(path, entry, 'file')))
  return named.filter((_, index) => kept[index]).map((entry) => entry.name).sort()
}

/** Class name -> its images. A folder that holds no image is no class (stray folders are ignored like stray files). */
export async function classImages(path: string): Promise<Map<string, string[]>> {
  const classes = new Map<string, string[]>()
  for (const entry of await entriesOf(path)) {
    if (entry.name.startsWith('.') || !(await isOfKind(path, entry, 'directory'))) continue
    const images = await imagesIn(join(path, entry.name))
    if (images.length > 0) classes.set(entry.name, images)
  }
  return classes
}

async function classesIn(directory: string, split: Split, top: readonly Dirent[]): Promise<Map<string, string[]>> {
  const path = join(directory, split)
  const here = top.find((entry) => entry.name === split)
  if (here === undefined || !(await isOfKind(directory, here, 'directory'))) {
    throw new InvalidInputError(`the data folder ${JSON.stringify(directory)} has no folder '${split}'; ${layout}`, { directory })
  }
  const classes = await classImages(path)
  if (classes.size === 0) throw new InvalidInputError(`${JSON.stringify(path)} holds no class folder with images; ${layout}`, { directory })
  return classes
}

function refuseDifferentClasses(directory: string, train: ReadonlyMap<string, unknown>, val: ReadonlyMap<string, unknown>): void {
  for (const [here, there, missing] of [[train, val, 'val'], [val, train, 'train']] as const) {
    const alone = [...here.keys()].filter((name) => !there.has(name)).sort()
    if (alone.length === 0) continue
    const others = alone.length > 1 ? ` (and ${alone.length - 1} more)` : ''
    throw new InvalidInputError(
      `train and val of ${JSON.stringify(directory)} have different classes: ${JSON.stringify(alone[0])}${others} has no images in '${missing}'`,
      { directory, classes: alone.slice(0, 20) },
    )
  }
}

/**
 * Lists an ImageNet-layout folder. Two levels and no deeper, so that a loop of links cannot trap it.
 * @throws InvalidInputError when the folder, a split or the classes are missing, or differ between the splits
 */
export async function readImageFolder(directory: string): Promise<ImageFolder> {
  const top = await entriesOf(directory)
  const train = await classesIn(directory, 'train', top)
  const val = await classesIn(directory, 'val', top)
  refuseDifferentClasses(directory, train, val)
  const names = [...train.keys()].sort()
  return { directory, classes: names.map((name) => ({ name, train: train.get(name) ?? [], val: val.get(name) ?? [] })) }
}
