import { existsSync } from 'node:fs'
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type NasoaError, UnavailableError } from '../../../shared/errors.js'
import { type CommandResult, findProgram, lastLine } from './command.js'
import { CompileError, MissingToolError } from './errors.js'
import type { Library } from './library.js'
import type { SetupSystem } from './setup-system.js'
import { type TfjsPackage, addonPath, napiVersion } from './tfjs-package.js'

/**
 * Puts tfjs-node's compiled addon in its place, from the cache or compiled; the library must be linked already.
 * The cache spares a second checkout the compilation. Call it under the cache's lock.
 * @throws MissingToolError, CompileError, UnavailableError if Node's headers must be downloaded and cannot
 */
export async function provideAddon(cache: string, library: Library, tfjs: TfjsPackage, system: SetupSystem): Promise<void> {
  const cached = cachedAddon(cache, library, tfjs)
  if (!existsSync(cached)) {
    requireCompiler(system.env)
    system.progress('compiling the TensorFlow addon')
    const build = join(tfjs.folder, 'build')
    try {
      await compile(cache, tfjs, system)
      await copyWhole(join(build, 'Release', 'tfjs_binding.node'), cached)
    } finally {
      await rm(build, { recursive: true, force: true })
    }
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

async function compile(cache: string, tfjs: TfjsPackage, system: SetupSystem): Promise<void> {
  const gyp = join(dirname(createRequire(import.meta.url).resolve('node-gyp/package.json')), 'bin', 'node-gyp.js')
  const variables = ['--module_name=tfjs_binding', `--module_path=${dirname(addonPath(tfjs))}`, `--napi_build_version=${napiVersion}`]
  const args = [gyp, 'rebuild', ...nodeHeaders(), ...variables]
  const result = await system.run(process.execPath, args, { cwd: tfjs.folder, env: system.env })
  if (result.code === 0) return
  const log = join(cache, 'tensorflow', 'compile.log')
  await writeFile(log, result.output)
  throw compileError(result, log)
}

/** The headers of the running Node where they lie beside it; else node-gyp finds (downloads) them. */
function nodeHeaders(): string[] {
  const prefix = dirname(dirname(process.execPath))
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : []
}

/**
 * What went wrong in node-gyp, from its output.
 * @param log where the user finds the whole output
 */
export function compileError({ code, output }: CommandResult, log: string): NasoaError {
  const lines = output.split('\n').map(line => line.trim())
  const details = { exitCode: code, log }
  const compilerError = lines.find(line => /^[^ ]+:\d+:\d+: (fatal )?error:|undefined reference|cannot find -l/.test(line))
  if (compilerError === undefined && lines.some(line => line.startsWith('gyp http GET'))) {
    return new UnavailableError(
      `Node's headers are not beside ${process.execPath} and node-gyp could not download them: install Node from an archive ` +
        `that has them (include/node), or name a mirror in npm_config_disturl; the log is ${log}`,
      details,
    )
  }
  const reason = compilerError ?? lines.find(line => /^gyp ERR! stack/.test(line)) ?? lastLine(output)
  return new CompileError(`compiling the TensorFlow addon failed (${reason}): mend the compiler; the log is ${log}`, details)
}
