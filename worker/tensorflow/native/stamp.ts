import { readFileSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Library, linkNames } from './library.js'
import { type TfjsPackage, dependencyFolder, hasAddon, napiVersion } from './tfjs-package.js'

/** What a finished set-up says of itself; a start of the program compares it in a few system calls. */
function content(library: Library, { version }: TfjsPackage): string {
  return JSON.stringify({ tfjs: version, library: library.name, main: library.main, napi: napiVersion })
}

function stampPath(tfjs: TfjsPackage): string {
  return join(dependencyFolder(tfjs), 'nasoa-setup.json')
}

/** Written last, so that its presence says that all before it was done. */
export async function writeStamp(library: Library, tfjs: TfjsPackage): Promise<void> {
  await writeFile(stampPath(tfjs), content(library, tfjs))
}

/** True if tfjs-node of this checkout is set up with this library, which is still in its place. */
export function isStamped(library: Library, tfjs: TfjsPackage): boolean {
  try {
    if (readFileSync(stampPath(tfjs), 'utf8') !== content(library, tfjs)) return false
    for (const [name] of linkNames(library)) statSync(join(dependencyFolder(tfjs), 'lib', name))
    return hasAddon(tfjs)
  } catch {
    return false
  }
}
