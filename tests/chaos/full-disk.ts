import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** A disk without room for the store. */
export interface FullDisk {
  readonly what: string
  /** Takes the room from a process. */
  seizeFrom(pid: number): void
  giveBack(): void
}

/** Fills the file system of a folder where that may be done, and else limits the files of processes. */
export function fullDisk(folder: string, bytesOfFiles: number): FullDisk {
  if (mayFill(folder)) return new FilledDisk(folder)
  return new LimitedFiles(bytesOfFiles)
}

class FilledDisk implements FullDisk {
  readonly what = 'no byte left on the file system'
  private free: (() => void) | null = null

  constructor(private readonly folder: string) {}

  seizeFrom(): void {
    this.free ??= fillDisk(this.folder)
  }

  giveBack(): void {
    this.free?.()
  }
}

class LimitedFiles implements FullDisk {
  private readonly limited = new Set<number>()

  constructor(private readonly bytes: number) {}

  get what(): string {
    return `files of at most ${this.bytes} bytes`
  }

  seizeFrom(pid: number): void {
    limitFiles(pid, this.bytes)
    this.limited.add(pid)
  }

  giveBack(): void {
    for (const pid of this.limited) if (existsSync(`/proc/${pid}`)) limitFiles(pid, 'unlimited')
  }
}

/**
 * Lets no file of a running process grow beyond so many bytes: every write behind them fails (EFBIG), as on a full disk, for
 * this process only. The soft limit, so that it can be lifted again. It needs util-linux' prlimit and no root.
 */
function limitFiles(pid: number, bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`])
}

/** Whether the folder lies on a file system that may be filled: a small one, made for this (`mount -t tmpfs -o size=16m`). */
function mayFill(folder: string): boolean {
  const { blocks, bsize } = statfsSync(folder)
  return blocks * bsize <= 64 * 2 ** 20
}

/** Fills the file system of the folder to the last byte (ENOSPC). @returns what frees it again */
function fillDisk(folder: string): () => void {
  const path = join(folder, 'filler')
  const file = openSync(path, 'w')
  try {
    for (let size = 2 ** 20; size >= 1; ) size = wrote(file, size) ? size : Math.floor(size / 2)
  } finally {
    closeSync(file)
  }
  return () => rmSync(path, { force: true })
}

function wrote(file: number, size: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(size, 1)) === size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false
    throw error
  }
}
