import { rm } from 'node:fs/promises'
import { sha256OfFile } from '../../../shared/sha256-of-file.js'
import { HashMismatchError } from './errors.js'

/**
 * Checks a file and removes it when it is not the expected one.
 * @throws HashMismatchError
 */
export async function requireSha256(path: string, expected: string): Promise<void> {
  const actual = await sha256OfFile(path)
  if (actual === expected) return
  await rm(path, { force: true })
  throw hashMismatch(path, expected, actual)
}

export function hashMismatch(path: string, expected: string, actual: string): HashMismatchError {
  return new HashMismatchError(
    `${path} has SHA-256 ${actual} where ${expected} was expected, and was removed: run \`nasoa setup\` again; ` +
      "if it stays, pip's index serves a different file",
    { path, expected, actual },
  )
}
