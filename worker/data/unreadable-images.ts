import { InvalidInputError, messageOf } from '../../shared/errors.js'
import type { Manifest } from './manifest.js'

/** Too many files with an image's name hold no usable image. */
export class UnreadableImagesError extends InvalidInputError {
  override readonly code = 'unreadable_images'
}

/** Files that were skipped: each counted and named once, and an error when they are too many. */
export class UnreadableImages {
  private readonly paths = { train: new Set<string>(), validation: new Set<string>() }

  constructor(
    private readonly manifest: Manifest,
    /** Largest share of all files that may be unreadable, 0..1. */
    private readonly limit: number,
    private readonly log: (line: string) => void,
  ) {
    for (const { path, reason } of manifest.skipped) log(`skipped ${JSON.stringify(path)}: ${reason}`)
  }

  has(path: string): boolean {
    return this.paths.train.has(path) || this.paths.validation.has(path)
  }

  get counts(): { readonly train: number; readonly validation: number; readonly total: number } {
    const { train, validation } = this.paths
    return { train: train.size, validation: validation.size, total: train.size + validation.size + this.manifest.skipped.length }
  }

  /** @throws UnreadableImagesError above the limit, or when a split has no readable image left */
  add(split: 'train' | 'validation', path: string, cause: unknown): void {
    if (this.has(path)) return
    this.paths[split].add(path)
    this.log(`skipped ${JSON.stringify(path)}: unreadable image (${messageOf(cause)})`)
    this.requireFew()
  }

  /** @throws UnreadableImagesError above the limit, or when a split has no readable image left */
  requireFew(): void {
    const { directory, train, validation, skipped } = this.manifest
    const { counts } = this
    for (const split of ['train', 'validation'] as const) {
      if (counts[split] < this.manifest[split].length) continue
      throw new UnreadableImagesError(`no image of the ${split} split of ${JSON.stringify(directory)} can be read; one is ${this.lastOf(split)}`, {
        directory,
      })
    }
    const files = train.length + validation.length + skipped.length
    if (counts.total <= this.limit * files) return
    throw new UnreadableImagesError(
      `${counts.total} of the ${files} images in ${JSON.stringify(directory)} cannot be read, more than the limit of ${this.limit * 100} %; ` +
        `one is ${this.lastOf(counts.train > 0 ? 'train' : 'validation')}: replace them, or raise the limit`,
      { directory, unreadable: counts.total, files, limit: this.limit },
    )
  }

  private lastOf(split: 'train' | 'validation'): string {
    return JSON.stringify([...this.paths[split]].at(-1) ?? this.manifest.skipped.at(-1)?.path)
  }
}
