import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writeDurably } from '../../durable-file.js'
import type { Variant } from './release.js'

function path(cache: string): string {
  return join(cache, 'tensorflow', 'variant')
}

/** The build that `nasoa setup --gpu` or `--no-gpu` chose for this cache; without one, the CPU's. */
export function chosenVariant(cache: string): Variant {
  try {
    return readFileSync(path(cache), 'utf8').trim() === 'cuda' ? 'cuda' : 'cpu'
  } catch {
    return 'cpu'
  }
}

export function rememberVariant(cache: string, variant: Variant): void {
  mkdirSync(dirname(path(cache)), { recursive: true })
  writeDurably(path(cache), `${variant}\n`)
}
