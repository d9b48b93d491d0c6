import { join } from 'node:path'
import { InvalidInputError } from '../../../shared/errors.js'
import { cacheFolder } from '../../tensorflow/native/cache.js'

export interface ImageCacheSettings {
  /** Holds a folder for each data folder and resolution. */
  readonly root: string
  /** Largest size of all of them together, bytes; absent = a quarter of what would be free on the disk without them. */
  readonly limitBytes?: number
}

const units: Readonly<Record<string, number>> = { '': 1, B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }

/**
 * Settings of this machine: NASOA_IMAGE_CACHE is the limit, such as 20GB, or `off`.
 * @returns null where there is to be no cache
 */
export function imageCacheSettings(env: NodeJS.ProcessEnv = process.env): ImageCacheSettings | null {
  const root = join(cacheFolder(env), 'images')
  const text = env.NASOA_IMAGE_CACHE ?? ''
  if (text === '') return { root }
  if (text === 'off') return null
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?([KMGT]?B)?$/i.exec(text) ?? []
  if (number === undefined) throw new InvalidInputError(`NASOA_IMAGE_CACHE must be a size such as 20GB, or off, got ${JSON.stringify(text)}`)
  const limitBytes = Number(number) * units[(unit ?? '').toUpperCase()]
  return limitBytes === 0 ? null : { root, limitBytes }
}
