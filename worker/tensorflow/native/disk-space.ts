import { statfs } from 'node:fs/promises'
import { DiskSpaceError } from './errors.js'

/** Bytes that an ordinary user may still write on the file system of a folder. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

/** @throws DiskSpaceError if fewer than `needed` bytes are free */
export function requireSpace(folder: string, needed: number, free: number): void {
  if (free >= needed) return
  throw new DiskSpaceError(
    `${folder} has ${megabytes(free)} free and the set-up needs ${megabytes(needed)}: free some, or name a roomier folder in NASOA_CACHE`,
    { folder, neededBytes: needed, freeBytes: free },
  )
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
