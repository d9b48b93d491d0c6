import { randomUUID } from 'node:crypto'
import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import lockfile from 'proper-lockfile'
import { messageOf } from '../../../shared/errors.js'
import { freeBytes } from '../../tensorflow/native/disk-space.js'
import type { ResizedImage } from '../resized-image.js'
import { listCacheFolders, partialExtension, removeCacheFolder, segmentExtension, useCacheFolder } from './cache-folders.js'
import type { ImageCacheSettings } from './cache-settings.js'
import { type ImageOrigin, type StoredImage, SegmentWriter, readSegmentIndex } from './image-segment.js'

/** So much is left free on the disk, for checkpoints and everything else. */
const reserveBytes = 1e9
const defaultShare = 0.25
/** A segment is published at this size, so that others have it and little is lost where a process dies. */
const segmentBytes = 1024 ** 3
/** Images that wait to be written; beyond this, loading waits for the disk. */
const backlogBytes = 64 * 1024 ** 2
/** Folders that nobody has used for so long go when another is filled. */
const unusedDays = 30
/** Longer than a training step, which keeps the event loop from renewing the lock. */
const staleMs = 120_000

interface Filling {
  readonly release: () => Promise<void>
  /** Bytes that may still be written. */
  allowance: number
  writer: SegmentWriter | null
  partial: string
}

/**
 * Resized images on the disk, shared by all trainings on this machine: segments that are written by one process at a time and
 * then never change. Whatever is wrong with it costs decoding, never a training.
 */
export class ImageCache {
  private readonly images = new Map<string, { readonly origin: ImageOrigin; readonly stored: StoredImage }>()
  private readonly known = new Set<string>()
  private filling: Filling | null = null
  /** Of what was added, in order. */
  private writing: Promise<void> = Promise.resolve()
  private unwrittenBytes = 0
  private isGivenUp = false

  private constructor(
    private readonly settings: ImageCacheSettings,
    private readonly folder: string,
    private readonly inform: (line: string) => void,
  ) {}

  /** The images of a data folder at a resolution; null where the cache cannot be used, of which it is told. */
  static async open(settings: ImageCacheSettings, directory: string, resolution: number, inform: (line: string) => void): Promise<ImageCache | null> {
    try {
      const cache = new ImageCache(settings, await useCacheFolder(settings.root, directory, resolution), inform)
      await cache.refresh()
      return cache
    } catch (error) {
      inform(`resized images cannot be kept on the disk, so each training decodes them anew: ${messageOf(error)}`)
      return null
    }
  }

  find({ path, bytes, modifiedMs }: ImageOrigin): StoredImage | undefined {
    const entry = this.images.get(path)
    return entry?.origin.bytes === bytes && entry.origin.modifiedMs === modifiedMs ? entry.stored : undefined
  }

  /** Whether images that had to be decoded are to be added. */
  get isFilling(): boolean {
    return this.filling !== null
  }

  /** Sees what others have added, and begins to fill in what is missing, unless another process does so already. */
  async begin(wanted: readonly ImageOrigin[]): Promise<void> {
    await this.orGiveUp(async () => {
      await this.refresh()
      if (this.isGivenUp || wanted.every((origin) => this.find(origin) !== undefined)) return
      const release = await this.lock()
      if (release === null) return
      this.filling = { release, allowance: 0, writer: null, partial: '' }
      await this.tidy()
      this.filling.allowance = await this.allowance()
    })
  }

  /** Resolves when little enough waits for the disk. */
  async add(origin: ImageOrigin, image: ResizedImage): Promise<void> {
    this.unwrittenBytes += image.pixels.byteLength
    this.writing = this.writing.then(() => this.orGiveUp(() => this.write(origin, image))).then(() => void (this.unwrittenBytes -= image.pixels.byteLength))
    if (this.unwrittenBytes > backlogBytes) await this.writing
  }

  /** Publishes what was added since `begin`. */
  async end(): Promise<void> {
    await this.writing
    await this.orGiveUp(() => this.publish())
    const { filling } = this
    this.filling = null
    // A lock that was taken over meanwhile is no longer ours to release.
    await filling?.release().catch(() => undefined)
  }

  /** Takes a segment out of use in which an image was not what its checksum says. */
  async discard(file: string): Promise<void> {
    if ([...this.images.values()].every(({ stored }) => stored.file !== file)) return
    this.inform(`${file} is gone or damaged: its images are decoded anew`)
    for (const [path, { stored }] of this.images) if (stored.file === file) this.images.delete(path)
    await rm(file, { force: true }).catch(() => undefined)
  }

  private async orGiveUp(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      await this.giveUp(`resized images are no longer added to the disk: ${messageOf(error)}`)
    }
  }

  private async giveUp(reason: string): Promise<void> {
    if (!this.isGivenUp) this.inform(`${reason}; the training goes on, and decodes what is not there`)
    this.isGivenUp = true
    const { filling } = this
    this.filling = null
    await filling?.writer?.abandon().catch(() => undefined)
    if (filling !== null && filling.partial !== '') await rm(filling.partial, { force: true }).catch(() => undefined)
    await filling?.release().catch(() => undefined)
  }

  private async refresh(): Promise<void> {
    for (const name of await readdir(this.folder)) {
      if (!name.endsWith(segmentExtension) || this.known.has(name)) continue
      this.known.add(name)
      const file = join(this.folder, name)
      try {
        for (const entry of await readSegmentIndex(file)) this.images.set(entry.origin.path, entry)
      } catch (error) {
        this.inform(`${file} is damaged (${messageOf(error)}): its images are decoded anew`)
        await rm(file, { force: true })
      }
    }
  }

  /** One process fills at a time, whatever its images: so the limit holds, and none writes what another does. */
  private async lock(): Promise<(() => Promise<void>) | null> {
    const onCompromised = (error: Error): void => void this.giveUp(`another process took over (${error.message})`)
    try {
      return await lockfile.lock(this.settings.root, { lockfilePath: join(this.settings.root, 'filling.lock'), stale: staleMs, onCompromised })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ELOCKED') return null
      throw error
    }
  }

  /** What processes that died were writing, and what nobody uses any more. */
  private async tidy(): Promise<void> {
    for (const folder of await listCacheFolders(this.settings.root)) {
      const ageDays = (Date.now() - folder.lastUsed.getTime()) / 86_400_000
      if (ageDays > unusedDays && folder.path !== this.folder) await removeCacheFolder(folder)
      const names = await readdir(folder.path).catch(() => [])
      for (const name of names) if (name.endsWith(partialExtension)) await rm(join(folder.path, name), { force: true })
    }
  }

  private async allowance(): Promise<number> {
    const { root } = this.settings
    const used = (await listCacheFolders(root)).reduce((sum, { bytes }) => sum + bytes, 0)
    const free = await freeBytes(root)
    const limit = this.settings.limitBytes ?? defaultShare * (free + used)
    return Math.min(limit - used, free - reserveBytes)
  }

  private async write(origin: ImageOrigin, image: ResizedImage): Promise<void> {
    const { filling } = this
    if (filling === null) return
    filling.allowance -= image.pixels.byteLength
    if (filling.allowance < 0) {
      await this.publish()
      return this.giveUp(`${this.settings.root} has reached its limit (NASOA_IMAGE_CACHE; \`nasoa data cache --remove\` empties it)`)
    }
    if (filling.writer === null) {
      filling.partial = join(this.folder, `${randomUUID()}${partialExtension}`)
      filling.writer = await SegmentWriter.create(filling.partial)
    }
    await filling.writer.append(origin, image)
    if (filling.writer.bytes >= segmentBytes) await this.publish()
  }

  private async publish(): Promise<void> {
    const { filling } = this
    if (filling === null || filling.writer === null) return
    const { writer, partial } = filling
    await writer.finish()
    filling.writer = null
    filling.partial = ''
    // Not synced: after a power failure a segment may be torn, which its hashes tell, and is made again.
    await rename(partial, partial.slice(0, -partialExtension.length) + segmentExtension)
    await this.refresh()
  }
}
