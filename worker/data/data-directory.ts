import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { builtinDigits } from '../../shared/training/specification.js'
import { ensureDigits } from './digits.js'

/** A data directory as jobs name it: built-in data by its name, a folder by its path. */
export function dataDirectoryName(name: string): string {
  return name === builtinDigits ? name : resolve(name)
}

/** Whether a data directory, as jobs name it, is on this machine. */
export function isDataDirectoryHere(name: string): boolean {
  return name === builtinDigits || existsSync(name)
}

/** The folder that a data directory's name stands for on this machine: built-in data is written first where it is not there yet. */
export async function resolveDataDirectory(name: string, progress: (line: string) => void): Promise<string> {
  return name === builtinDigits ? ensureDigits(progress) : name
}
