import { createReadStream } from 'node:fs'
import { type Extract, extract } from 'tar-stream'
import { InvalidInputError, messageOf } from '../../../shared/errors.js'
import type { SkippedImage } from '../image-collection.js'
import { isImageName } from '../image-folder.js'

/** An image of a shard with its label, as they stand there. */
export interface ShardSample {
  /** Name of the image's entry. */
  readonly name: string
  /** Text of its label's entry (`.cls`). */
  readonly label: string
  /** Of the image's bytes, from the start of the shard. */
  readonly offset: number
  readonly bytes: number
}

/** What a shard holds; samples are in the order of their bytes. */
export interface ShardContent {
  readonly samples: readonly ShardSample[]
  readonly skipped: readonly SkippedImage[]
}

/** A photograph of this size does not exist; an entry that claims more is an accident or an attack. */
const largestImageBytes = 256 * 1024 * 1024
const largestLabelBytes = 256
/** Each skipped image is remembered by name; a shard that has so many is no data set. */
const mostSkipped = 100_000
const mostSamples = 4_000_000

type Entry = Extract extends AsyncIterable<infer Item> ? Item : never

const headerBytes = 512

interface PendingSample {
  image?: { readonly name: string; readonly offset: number; readonly bytes: number }
  label?: string
}

/** Directory and name up to the first dot: what the entries of one sample share (WebDataset). */
function keyOf(name: string): string {
  const start = name.lastIndexOf('/') + 1
  const dot = name.indexOf('.', start)
  return dot < 0 ? name : name.slice(0, dot)
}

/** A name that points out of the archive is harmless to a reader that writes nothing; but whoever made it did not mean well. */
function leavesArchive(name: string): boolean {
  return name.startsWith('/') || name.split(/[\\/]/).includes('..') || name.includes('\0')
}

/** Groups the entries of one shard to samples. */
class ShardAssembly {
  private readonly pending = new Map<string, PendingSample>()
  private readonly skipped: SkippedImage[] = []

  /** Takes an image's entry, which is not read. */
  addImage({ header: { name, size }, offset }: Entry): void {
    const reason = this.reasonAgainst(name, size)
    if (reason !== null) this.skip(name, reason)
    else this.sampleOf(name).image = { name, offset: offset + headerBytes, bytes: size }
  }

  /** Takes a label; the first one of a key counts. */
  addLabel(name: string, label: string): void {
    this.sampleOf(name).label ??= label
  }

  content(): ShardContent {
    const samples: ShardSample[] = []
    for (const { image, label } of this.pending.values()) {
      if (image === undefined) continue
      if (label === undefined || label === '') this.skip(image.name, 'has no label: its .cls entry is missing or empty')
      else samples.push({ ...image, label })
    }
    return { samples: samples.sort((a, b) => a.offset - b.offset), skipped: this.skipped }
  }

  private reasonAgainst(name: string, size: number): string | null {
    if (leavesArchive(name)) return 'its path leads out of the archive'
    if (size === 0) return 'it is empty'
    if (size > largestImageBytes) return `it has ${size} bytes, more than an image can have`
    if (this.pending.get(keyOf(name))?.image !== undefined) return 'its key is used twice in the shard'
    return null
  }

  private sampleOf(name: string): PendingSample {
    const key = keyOf(name)
    const known = this.pending.get(key)
    if (known !== undefined) return known
    if (this.pending.size >= mostSamples) throw new Error(`it has more than ${mostSamples} samples: make more shards of them`)
    const sample = {}
    this.pending.set(key, sample)
    return sample
  }

  private skip(path: string, reason: string): void {
    if (this.skipped.length >= mostSkipped) throw new Error(`more than ${mostSkipped} images in it cannot be used; the last is ${JSON.stringify(path)}: ${reason}`)
    this.skipped.push({ path, reason })
  }
}

async function labelText(entry: Entry): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of entry) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8').trim()
}

async function takeEntry(entry: Entry, assembly: ShardAssembly): Promise<void> {
  const { header } = entry
  const isFile = header.type === 'file' || header.type === 'contiguous-file'
  const base = header.name.slice(header.name.lastIndexOf('/') + 1)
  if (isFile && isImageName(base)) assembly.addImage(entry)
  const isLabel = isFile && base.endsWith('.cls') && !base.startsWith('.') && header.size <= largestLabelBytes && !leavesArchive(header.name)
  if (isLabel) assembly.addLabel(header.name, await labelText(entry))
  else entry.resume()
}

/**
 * Reads a tar shard from front to back once, and says where its images are. Memory grows with the number of entries, never
 * with their size; nothing is written.
 * @param onBytes told each piece as it is read, for a hash or a progress display
 * @throws InvalidInputError when the file is no tar archive, or is damaged or cut off
 */
export async function scanShard(path: string, onBytes: (chunk: Buffer) => void = () => undefined, signal?: AbortSignal): Promise<ShardContent> {
  const file = createReadStream(path, { highWaterMark: 1 << 20, ...(signal === undefined ? {} : { signal }) })
  const archive = extract()
  const assembly = new ShardAssembly()
  file.on('error', (error) => archive.destroy(error))
  file.on('data', (chunk) => onBytes(chunk as Buffer))
  file.pipe(archive)
  try {
    for await (const entry of archive) await takeEntry(entry, assembly)
    return assembly.content()
  } catch (error) {
    if (signal?.aborted === true) throw error
    throw new InvalidInputError(`the shard ${JSON.stringify(path)} cannot be read: ${messageOf(error)}`, { shard: path }, { cause: error })
  } finally {
    file.destroy()
  }
}
