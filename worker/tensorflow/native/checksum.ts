import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { HashMismatchError } from './errors.js'

/** SHA-256 of a file, in hexadecimal; streamed, so that a library of 700 MB costs no memory. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}

/**
 * Checks a file and removes it when it is not the expected one.
 * @throws HashMismatchError
 */
export async function requireSha256(path: string, expected: string): Promise<void> {
  const actual = await sha256Of(path)
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
