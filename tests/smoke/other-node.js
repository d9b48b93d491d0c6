// Runs the program with another major version of Node, fetched from npm into the cache folder:
//   node tests/smoke/other-node.js 22                      (doctor --json)
//   node tests/smoke/other-node.js 24 train ENCODING ...   (any command of the program)
// Exits as the program does. Plain JavaScript, so that it runs without a build step of its own.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureBuilt } from '../../bin/build.js'

const program = fileURLToPath(new URL('../../bin/nasoa.js', import.meta.url))

/**
 * The npm package `node` only chooses one of these packages in an install script, and install scripts are off.
 * @param {string} version major version or full version
 * @returns {Promise<string>} path of its executable
 */
async function fetchNode(version) {
  await ensureBuilt()
  // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- the rule does not see a JSDoc cast
  const { cacheFolder } = /** @type {typeof import('../../worker/tensorflow/native/cache.js')} */ (await import(new URL('../../dist/worker/tensorflow/native/cache.js', import.meta.url).href))
  const name = `node-${process.platform}-${process.arch}`
  const folder = join(cacheFolder(), 'node', version)
  const executable = join(folder, 'node_modules', name, 'bin', 'node')
  if (existsSync(executable)) return executable
  mkdirSync(folder, { recursive: true })
  const args = ['install', '--prefix', folder, '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${version}`]
  const { status } = spawnSync('npm', args, { stdio: ['ignore', process.stderr, process.stderr] })
  if (status !== 0) throw new Error(`npm could not fetch ${name}@${version}: check the network and npm's registry`)
  return executable
}

const [version, ...words] = process.argv.slice(2)
if (version === undefined || !/^\d+(\.\d+\.\d+)?$/.test(version)) {
  console.error('usage: node tests/smoke/other-node.js <major version> [command of nasoa ...]')
  process.exit(2)
}
const node = await fetchNode(version)
const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` }
const { status } = spawnSync(node, [program, ...(words.length > 0 ? words : ['doctor', '--json'])], { stdio: 'inherit', env })
process.exit(status ?? 1)
