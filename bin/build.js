// Transpiles the TypeScript sources to dist/ when they changed since the last build. Plain JavaScript, because it runs before anything is built.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const stamp = join(dist, '.built')
const rooms = ['shared', 'coordinator', 'worker', 'simulator', 'cli', 'bench']

/** @returns {string[]} source files, relative to the root */
function sources() {
  const files = []
  for (const room of rooms) {
    if (!existsSync(join(root, room))) continue
    for (const entry of readdirSync(join(root, room), { recursive: true, withFileTypes: true })) {
      if (entry.isFile() && entry.name.endsWith('.ts')) files.push(join(entry.parentPath, entry.name).slice(root.length))
    }
  }
  return files.sort()
}

/** @param {string[]} files */
function fingerprint(files) {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package.json')))
  for (const file of files) {
    const { mtimeMs, size } = statSync(join(root, file))
    hash.update(`${file}\0${mtimeMs}\0${size}\n`)
  }
  return hash.digest('hex')
}

const isCurrent = (/** @type {string} */ print) => existsSync(stamp) && readFileSync(stamp, 'utf8') === print

/**
 * Takes away what has no source any more. Files are replaced, never all removed first: a search may be running from them.
 * @param {string[]} files
 */
function removeOutdated(files) {
  const current = new Set(files.flatMap((file) => [file.replace(/\.ts$/, '.js'), file.replace(/\.ts$/, '.js.map')]))
  for (const room of rooms) {
    if (!existsSync(join(dist, room))) continue
    for (const entry of readdirSync(join(dist, room), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      if (entry.isFile() && !current.has(path.slice(dist.length + 1))) rmSync(path)
    }
  }
}

/** Builds dist/ if it is missing or older than the sources; safe to call from several processes at once. */
export async function ensureBuilt() {
  const files = sources()
  const print = fingerprint(files)
  if (isCurrent(print)) return
  const { default: lockfile } = await import('proper-lockfile')
  mkdirSync(dist, { recursive: true })
  const release = await lockfile.lock(dist, { stale: 10_000, retries: { retries: 120, minTimeout: 50, maxTimeout: 500 } })
  try {
    if (isCurrent(print)) return
    process.stderr.write('nasoa: building (once after each change of the sources) ...\n')
    const { build } = await import('esbuild')
    await build({
      absWorkingDir: root,
      entryPoints: files,
      outbase: root,
      outdir: dist,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: true,
      logLevel: 'error',
    })
    removeOutdated(files)
    writeFileSync(stamp, print)
  } finally {
    await release()
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await ensureBuilt()
