import { existsSync } from 'node:fs'
import { copyFile, mkdir, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type CommandResult, findProgram } from './command.js'
import { CompileError, MissingToolError } from './errors.js'
import type { Library } from './library.js'
import type { SetupSystem } from './setup-system.js'
import { type TfjsPackage, addonPath, napiVersion } from './tfjs-package.js'

/**
 * Puts tfjs-node's compiled addon in its place, from the cache or compiled; the library must be linked already.
 * The cache spares a second checkout the compilation. Call it under the cache's lock.
 * @throws MissingToolError, CompileError
 */
export async function provideAddon(cache: string, library: Library, tfjs: TfjsPackage, system: SetupSystem): Promise<void> {
  const cached = cachedAddon(cache, library, tfjs)
  if (!existsSync(cached)) {
    requireCompiler(system.env)
    system.progress('compiling the TensorFlow addon')
    await compile(tfjs, system)
    await copyWhole(join(tfjs.folder, 'build', 'Release', 'tfjs_binding.node'), cached)
    await rm(join(tfjs.folder, 'build'), { recursive: true, force: true })
  }
  await copyWhole(cached, addonPath(tfjs))
}

/** Path of the compiled addon in the cache; everything that its binary depends on is in the name. */
export function cachedAddon(cache: string, library: Library, { version }: TfjsPackage): string {
  const key = `tfjs-${version}-${library.name}-${process.platform}-${process.arch}-napi-${napiVersion}`
  return join(cache, 'tensorflow', 'addon', key, 'tfjs_binding.node')
}

/** A reader never sees half a file. */
async function copyWhole(source: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true })
  const partial = `${target}.${process.pid}`
  await copyFile(source, partial)
  await rename(partial, target)
}

/**
 * The C++ compiler that node-gyp will use.
 * @throws MissingToolError naming what of Python, make and compiler is missing
 */
export function requireCompiler(env: NodeJS.ProcessEnv): string {
  const compiler = env.CXX?.split(' ')[0] || 'g++'
  const tools = [
    { names: [env.PYTHON ?? '', 'python3', 'python'].filter(Boolean), label: 'Python' },
    { names: ['make'], label: 'make' },
    { names: [compiler], label: `a C++ compiler (${compiler})` },
  ]
  const missing = tools.filter(({ names }) => names.every(name => findProgram(name, env) === null)).map(({ label }) => label)
  if (missing.length === 0) return compiler
  throw new MissingToolError(
    `the TensorFlow addon is compiled once and this machine lacks ${missing.join(' and ')}: install (Debian: apt install python3 make g++)`,
    { missing },
  )
}

async function compile(tfjs: TfjsPackage, system: SetupSystem): Promise<void> {
  const gyp = join(dirname(createRequire(import.meta.url).resolve('node-gyp/package.json')), 'bin', 'node-gyp.js')
  const variables = ['--module_name=tfjs_binding', `--module_path=${dirname(addonPath(tfjs))}`, `--napi_build_version=${napiVersion}`]
  const args = [gyp, 'rebuild', ...nodeHeaders(), ...variables]
  const result = await system.run(process.execPath, args, { cwd: tfjs.folder, env: system.env })
  if (result.code !== 0) throw compileError(result)
}

/** The headers of the running Node where they lie beside it; else node-gyp finds (downloads) them. */
function nodeHeaders(): string[] {
  const prefix = dirname(dirname(process.execPath))
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : []
}

/** The first error of the compiler says more than node-gyp's closing lines. */
export function compileError({ code, output }: CommandResult): CompileError {
  const reason = output.split('\n').find(line => /\berror\b|gyp ERR! stack|fatal/i.test(line) && !/gyp info/.test(line))?.trim() ?? output.slice(-300)
  const advice = /headers|getaddrinfo|ECONNREFUSED|ENOTFOUND|ETIMEDOUT|disturl/.test(reason)
    ? "install Node's headers beside it (the official archives have them) or let node-gyp download them (npm_config_disturl names a mirror)"
    : 'check the compiler; --verbose shows its output'
  return new CompileError(`compiling the TensorFlow addon failed: ${reason}: ${advice}`, { exitCode: code }, { cause: new Error(output) })
}
