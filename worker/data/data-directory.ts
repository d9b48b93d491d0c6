import { builtinDigits } from '../../shared/training/specification.js'
import { ensureDigits } from './digits.js'

/** The folder that a data directory's name stands for on this machine: built-in data is written first where it is not there yet. */
export async function resolveDataDirectory(name: string, progress: (line: string) => void): Promise<string> {
  return name === builtinDigits ? ensureDigits(progress) : name
}
