import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EnvironmentError } from './errors.js'

let root: string | undefined

/** Root folder of the checkout or installed package, the same from the sources and from dist/. */
export function packageRoot(): string {
  root ??= findRoot(dirname(fileURLToPath(import.meta.url)))
  return root
}

/**
 * Path of a compiled module, for a child process: `builtModule('worker/trainer/main')`.
 * The program builds dist/ before it starts; a test calls `ensureBuilt()` of bin/build.js first.
 */
export function builtModule(name: string): string {
  const path = join(packageRoot(), 'dist', `${name}.js`)
  if (!existsSync(path)) throw new EnvironmentError(`${path} is missing: build the program with \`npm run build\``, { path })
  return path
}

function findRoot(folder: string): string {
  const manifest = join(folder, 'package.json')
  if (existsSync(manifest) && isOurs(readFileSync(manifest, 'utf8'))) return folder
  const parent = dirname(folder)
  if (parent === folder) throw new EnvironmentError('no package.json of nasoa above its own files: reinstall the package')
  return findRoot(parent)
}

function isOurs(manifest: string): boolean {
  return (JSON.parse(manifest) as { name?: unknown }).name === 'nasoa'
}
