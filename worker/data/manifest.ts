import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidInputError } from '../../shared/errors.js'
import type { SubsetSpecification } from '../../shared/training/specification.js'
import { derivedGenerator } from './derived-generator.js'
import type { ClassImages, ImageCollection, ImageLocation, SkippedImage, Split } from './image-collection.js'

export interface ManifestImage extends ImageLocation {
  readonly label: number
  /** Size of the encoded image; 0 for a broken link. */
  readonly bytes: number
  /** When its file was last changed, milliseconds since 1970; 0 for a broken link. Not part of the manifest's hash. */
  readonly modifiedMs: number
}

/** The images a job uses, in a fixed order. */
export interface Manifest {
  readonly directory: string
  readonly classes: readonly string[]
  readonly train: readonly ManifestImage[]
  readonly validation: readonly ManifestImage[]
  /** Images of the folder that cannot be used, whether or not the subset would have them. */
  readonly skipped: readonly SkippedImage[]
  /** SHA-256 over paths, labels and sizes: equal on every worker whose folder holds the same files. */
  readonly hash: string
}

/** Files looked at at once: enough to hide a network file system's latency. */
const statConcurrency = 64

/** A larger subset of the same seed contains the smaller one. */
function choose<T>(items: readonly T[], count: number | undefined, seed: number, ...purpose: string[]): readonly T[] {
  if (count === undefined || count >= items.length) return items
  const order = derivedGenerator(seed, 'subset', ...purpose).shuffle(items.map((_, index) => index))
  return order.slice(0, count).sort((a, b) => a - b).map((index) => items[index])
}

function chooseClasses(folder: ImageCollection, subset: SubsetSpecification): readonly ClassImages[] {
  const { classes } = subset
  if (classes !== undefined && classes > folder.classes.length) {
    throw new InvalidInputError(
      `the subset asks for ${classes} classes, ${JSON.stringify(folder.directory)} has ${folder.classes.length}`, { directory: folder.directory },
    )
  }
  return choose(folder.classes, classes, subset.seed, 'classes')
}

interface FileState {
  readonly bytes: number
  readonly modifiedMs: number
}

async function stateOf(path: string): Promise<FileState> {
  try {
    const { size, mtimeMs } = await stat(path)
    return { bytes: size, modifiedMs: mtimeMs }
  } catch {
    return { bytes: 0, modifiedMs: 0 }
  }
}

interface LabelledLocation extends ImageLocation {
  readonly label: number
}

/** Looks at files, at each shard once. */
class FileStates {
  private readonly shards = new Map<string, Promise<FileState>>()

  constructor(private readonly directory: string) {}

  async of(image: LabelledLocation): Promise<ManifestImage> {
    const { range } = image
    if (range === undefined) return { ...image, ...(await stateOf(join(this.directory, image.path))) }
    const shard = this.shards.get(range.file) ?? stateOf(join(this.directory, range.file))
    this.shards.set(range.file, shard)
    return { ...image, bytes: range.bytes, modifiedMs: (await shard).modifiedMs }
  }
}

async function withStates(directory: string, images: readonly LabelledLocation[]): Promise<ManifestImage[]> {
  const states = new FileStates(directory)
  const known: ManifestImage[] = []
  for (let start = 0; start < images.length; start += statConcurrency) {
    const chunk = images.slice(start, start + statConcurrency)
    known.push(...(await Promise.all(chunk.map((image) => states.of(image)))))
  }
  return known
}

function hashOf(train: readonly ManifestImage[], validation: readonly ManifestImage[]): string {
  const hash = createHash('sha256')
  for (const { path, label, bytes } of [...train, ...validation]) hash.update(`${path}\0${label}\0${bytes}\n`)
  return hash.digest('hex')
}

/**
 * Resolves a subset of a folder.
 * @throws InvalidInputError when the folder has fewer classes than the subset asks for; fewer images in a class are taken as they are
 */
export async function resolveManifest(folder: ImageCollection, subset: SubsetSpecification): Promise<Manifest> {
  const chosen = chooseClasses(folder, subset)
  const imagesOf = (split: Split, count: number | undefined): LabelledLocation[] =>
    chosen.flatMap(({ name, [split]: images }, label) => choose(images, count, subset.seed, split, name).map((image) => ({ ...image, label })))
  const train = await withStates(folder.directory, imagesOf('train', subset.imagesPerClass))
  const validation = await withStates(folder.directory, imagesOf('val', subset.validationImagesPerClass))
  const { directory, skipped } = folder
  return { directory, classes: chosen.map(({ name }) => name), train, validation, skipped, hash: hashOf(train, validation) }
}
