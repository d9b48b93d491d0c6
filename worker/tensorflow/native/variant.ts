import { readFileSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
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

export async function rememberVariant(cache: string, variant: Variant): Promise<void> {
  await mkdir(join(cache, 'tensorflow'), { recursive: true })
  await writeFile(`${path(cache)}.part`, `${variant}\n`)
  await rename(`${path(cache)}.part`, path(cache))
}
