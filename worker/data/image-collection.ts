export type Split = 'train' | 'val'
export const splits = ['train', 'val'] as const

/** Place of an image in the middle of a file. */
export interface ByteRange {
  /** The file, from the data folder, with '/' on every system. */
  readonly file: string
  readonly offset: number
  readonly bytes: number
}

/** Where an image is. Nothing was opened yet, but for the index of a shard. */
export interface ImageLocation {
  /** Names the image for people and for hashes, from the data folder, with '/' on every system: a file, or `shard.tar/entry`. */
  readonly path: string
  /** Where it is no file of its own. */
  readonly range?: ByteRange
}

export interface ClassImages {
  readonly name: string
  readonly train: readonly ImageLocation[]
  readonly val: readonly ImageLocation[]
}

/** Something with an image's name that cannot be used, known before it was opened. */
export interface SkippedImage {
  readonly path: string
  readonly reason: string
}

/** How the images of a data folder are laid out. */
export type Layout = 'class-folders' | 'ilsvrc' | 'shards'

/** The images of a data folder, whatever its layout: a class's position is its label. */
export interface ImageCollection {
  readonly directory: string
  readonly layout: Layout
  readonly classes: readonly ClassImages[]
  readonly skipped: readonly SkippedImage[]
}
