import { createHash } from 'node:crypto'
import { derivedGenerator } from '../derived-generator.js'
import type { Split } from '../image-collection.js'
import type { Manifest, ManifestImage } from '../manifest.js'

/** One shard that is to be written. */
export interface PlannedShard {
  readonly split: Split
  /** `train-000000`: file name without its ending. */
  readonly name: string
  /** Number of its first image within the split, from 0: keys go on from shard to shard. */
  readonly firstKey: number
  readonly images: readonly ManifestImage[]
}

export interface PackPlan {
  readonly classes: readonly string[]
  readonly shards: readonly PlannedShard[]
  /** Images that are empty files or broken links, and stay out. */
  readonly left: readonly ManifestImage[]
  /** SHA-256 of all that decides the shards' bytes but the images' own. */
  readonly digest: string
}

export interface PackSettings {
  /** A shard is closed before it grows beyond. */
  readonly shardBytes: number
  /** Mixes the training images, since shards are read in sequence. */
  readonly seed: number
}

const headerBytes = 512
const labelBytes = 2 * headerBytes

/** Bytes that an image and its label take in a tar archive. */
export function archivedBytes(imageBytes: number): number {
  return headerBytes + Math.ceil(imageBytes / headerBytes) * headerBytes + labelBytes
}

function cut(split: Split, images: readonly ManifestImage[], shardBytes: number): PlannedShard[] {
  const groups: ManifestImage[][] = []
  let room = 0
  for (const image of images) {
    const needed = archivedBytes(image.bytes)
    if (groups.length === 0 || needed > room) {
      groups.push([])
      room = shardBytes
    }
    groups[groups.length - 1].push(image)
    room -= needed
  }
  let firstKey = 0
  return groups.map((group, number) => {
    const shard = { split, name: `${split}-${String(number).padStart(6, '0')}`, firstKey, images: group }
    firstKey += group.length
    return shard
  })
}

/** Which image goes into which shard. Pure: the same folder and settings give the same plan, on every machine. */
export function planShards(manifest: Manifest, { shardBytes, seed }: PackSettings): PackPlan {
  const usable = (images: readonly ManifestImage[]): ManifestImage[] => images.filter(({ bytes }) => bytes > 0)
  const train = derivedGenerator(seed, 'pack').shuffle(usable(manifest.train))
  const shards = [...cut('train', train, shardBytes), ...cut('val', usable(manifest.validation), shardBytes)]
  const digest = createHash('sha256').update(JSON.stringify([1, manifest.hash, manifest.classes, shardBytes, seed])).digest('hex')
  const left = [...manifest.train, ...manifest.validation].filter(({ bytes }) => bytes === 0)
  return { classes: manifest.classes, shards, left, digest }
}
