import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** Folder for what is large and can be made again; it outlives node_modules and is shared by all checkouts of a user. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.NASOA_CACHE) return resolve(env.NASOA_CACHE)
  if (env.XDG_CACHE_HOME) return resolve(env.XDG_CACHE_HOME, 'nasoa')
  return join(homedir(), '.cache', 'nasoa')
}
