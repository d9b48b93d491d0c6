import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ImageCacheSettings, imageCacheSettings } from '../../worker/data/image-cache/cache-settings.js'

/** Runs `body` with an empty cache, with this machine's limit, that is gone afterwards; null where there is to be none. */
export async function withOwnImageCache<T>(isWanted: boolean, body: (settings: ImageCacheSettings | null) => Promise<T>): Promise<T> {
  const settings = isWanted ? imageCacheSettings() : null
  if (settings === null) return body(null)
  const root = await mkdtemp(join(tmpdir(), 'nasoa-images-'))
  try {
    return await body({ ...settings, root })
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}
