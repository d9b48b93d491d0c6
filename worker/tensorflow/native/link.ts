import { mkdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type Library, linkNames } from './library.js'
import { type TfjsPackage, dependencyFolder } from './tfjs-package.js'

/**
 * Links a library into tfjs-node's `deps`, where its addon is compiled against it and its run path looks for it.
 * What was linked before is replaced.
 */
export async function linkLibrary(library: Library, tfjs: TfjsPackage): Promise<void> {
  const deps = dependencyFolder(tfjs)
  await rm(deps, { recursive: true, force: true })
  await mkdir(join(deps, 'lib'), { recursive: true })
  for (const [name, target] of linkNames(library)) await symlink(target, join(deps, 'lib', name))
  await symlink(library.include, join(deps, 'include'))
  // The CUDA build's run path is `$ORIGIN/../nvidia/<part>/lib`, and $ORIGIN is where the link lies.
  if (library.nvidia !== null) await symlink(library.nvidia, join(deps, 'nvidia'))
}
