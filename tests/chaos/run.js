// Bundles main.ts and runs it: Node 20 reads no TypeScript.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { ensureBuilt } from '../../bin/build.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const outfile = join(root, 'dist/tests/chaos.mjs')
await ensureBuilt()
await build({ entryPoints: [join(root, 'tests/chaos/main.ts')], outfile, bundle: true, packages: 'external', format: 'esm', platform: 'node', target: 'node20', logLevel: 'error' })
await import(outfile)
