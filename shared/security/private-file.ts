import { randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { EnvironmentError, messageOf } from '../errors.js'
import { FileExistsError } from './errors.js'

export interface PrivateFileOptions {
  /** 0o600 for what is secret, 0o644 for what may be shown. */
  readonly mode: number
  readonly overwrite: boolean
}

/**
 * Writes a file whole or not at all; it never exists with wider rights than asked for.
 * @throws FileExistsError where it is there and must not be overwritten, EnvironmentError where it cannot be written
 */
export function writePrivateFile(path: string, text: string, { mode, overwrite }: PrivateFileOptions): void {
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(temporary, text, { mode, flag: 'wx' })
    if (overwrite) renameSync(temporary, path)
    else linkSync(temporary, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new FileExistsError(`${path} is there already: name another place, or add --force to replace it`, { file: path })
    }
    throw new EnvironmentError(`cannot write ${path}: ${messageOf(error)}`, { file: path })
  } finally {
    rmSync(temporary, { force: true })
  }
}
