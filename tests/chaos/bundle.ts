import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { packageRoot } from '../../shared/package-root.js'

const root = packageRoot()

/** Makes a program of a TypeScript file of the tests. @returns its path */
export async function bundle(entry: string): Promise<string> {
  const outfile = join(root, 'dist/tests', `${entry.replace(/\W+/g, '-')}-${process.pid}.mjs`)
  await build({ entryPoints: [join(root, entry)], outfile, bundle: true, packages: 'external', format: 'esm', platform: 'node', target: 'node20', logLevel: 'error' })
  process.once('exit', () => rmSync(outfile, { force: true }))
  return outfile
}
