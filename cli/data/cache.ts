import { type CacheFolder, listCacheFolders, removeCacheFolder } from '../../worker/data/image-cache/cache-folders.js'
import { imageCacheSettings } from '../../worker/data/image-cache/cache-settings.js'
import { type GlobalOptions, printJson, printStatus } from '../output.js'

export interface CacheArguments extends GlobalOptions {
  readonly remove: boolean
}

export async function cache({ remove, json }: CacheArguments): Promise<void> {
  const settings = imageCacheSettings()
  const folders = settings === null ? [] : await listCacheFolders(settings.root)
  if (remove) for (const folder of folders) await removeCacheFolder(folder)
  const bytes = folders.reduce((sum, folder) => sum + folder.bytes, 0)
  if (json) {
    const listed = folders.map(({ path, source, bytes: size, lastUsed }) => ({ path, directory: source?.directory ?? null, resolution: source?.resolution ?? null, bytes: size, lastUsed }))
    return printJson({ root: settings?.root ?? null, limitBytes: settings?.limitBytes ?? null, bytes, removed: remove, folders: listed })
  }
  if (settings === null) return printStatus('resized images are not kept: NASOA_IMAGE_CACHE is off')
  for (const folder of folders) process.stdout.write(`${line(folder)}\n`)
  printStatus(`${(bytes / 1e6).toFixed(1)} MB in ${settings.root}${remove ? ' removed' : ''}`)
}

function line({ path, source, bytes, lastUsed }: CacheFolder): string {
  const what = source === null ? path : `${source.directory} at ${source.resolution}`
  return `${(bytes / 1e6).toFixed(1)} MB  ${lastUsed.toISOString().slice(0, 10)}  ${what}`
}
