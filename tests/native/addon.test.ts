import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cachedAddon, compileError, provideAddon, requireCompiler } from '../../worker/tensorflow/native/addon.js'
import { CompileError, MissingToolError } from '../../worker/tensorflow/native/errors.js'
import type { Library } from '../../worker/tensorflow/native/library.js'
import { addonPath } from '../../worker/tensorflow/native/tfjs-package.js'
import { pathWith, temporaryFolder } from './fake-programs.js'
import { machineWith } from './fake-release.js'

const library: Library = { name: 'tensorflow-1.0-linux-x64', main: '/a', framework: '/b', companions: [], include: '/c' }

describe('requireCompiler', () => {
  const fine = 'exit 0'

  it('names everything that is missing at once', () => {
    expect(() => requireCompiler({ PATH: pathWith({}) })).toThrow(/lacks Python and make and a C\+\+ compiler \(g\+\+\): install/)
    expect(() => requireCompiler({ PATH: pathWith({ python3: fine, make: fine }) })).toThrow(/lacks a C\+\+ compiler \(g\+\+\)/)
    expect(() => requireCompiler({ PATH: pathWith({ python3: fine, 'g++': fine }) })).toThrow(MissingToolError)
  })

  it('goes by the compiler that CXX names', () => {
    const PATH = pathWith({ python3: fine, make: fine, 'clang++': fine })
    expect(requireCompiler({ PATH, CXX: 'clang++ -stdlib=libc++' })).toBe('clang++')
    expect(() => requireCompiler({ PATH, CXX: 'icpx' })).toThrow('a C++ compiler (icpx)')
  })
})

describe('provideAddon', () => {
  it('takes a compiled addon from the cache without a compiler', async () => {
    const cache = temporaryFolder()
    const tfjs = { folder: temporaryFolder(), version: '4.22.0' }
    const cached = cachedAddon(cache, library, tfjs)
    mkdirSync(dirname(cached), { recursive: true })
    writeFileSync(cached, 'compiled')
    const machine = { ...machineWith(''), env: { PATH: pathWith({}) }, run: () => Promise.reject(new Error('must not run')) }
    await provideAddon(cache, library, tfjs, machine)
    expect(readFileSync(addonPath(tfjs), 'utf8')).toBe('compiled')
  })

  it('does not mistake an addon of another version for this one', () => {
    const paths = ['4.22.0', '4.23.0'].map(version => cachedAddon('/cache', library, { folder: '/x', version }))
    expect(new Set([...paths, cachedAddon('/cache', { ...library, name: 'custom-1' }, { folder: '/x', version: '4.22.0' })]).size).toBe(3)
  })

  it("reports a compiler's failure with its first error and leaves nothing half done", async () => {
    const cache = temporaryFolder()
    const tfjs = { folder: temporaryFolder(), version: '4.22.0' }
    const output = "make: Entering directory\nx.cc:3:10: fatal error: node_api.h: No such file or directory\ngyp ERR! not ok\n"
    const PATH = pathWith({ python3: 'exit 0', make: 'exit 0', 'g++': 'exit 0' })
    const machine = { ...machineWith(''), env: { PATH }, run: () => Promise.resolve({ code: 1, output }) }
    await expect(provideAddon(cache, library, tfjs, machine)).rejects.toThrow('fatal error: node_api.h: No such file or directory')
    expect(existsSync(addonPath(tfjs))).toBe(false)
    expect(existsSync(join(cache, 'tensorflow'))).toBe(false)
  })

  it("says what to do where Node's headers cannot be downloaded", () => {
    const output = 'gyp info it worked if it ends with ok\ngyp ERR! stack FetchError: request to https://nodejs.org/x failed, reason: getaddrinfo ENOTFOUND'
    expect(compileError({ code: 1, output })).toBeInstanceOf(CompileError)
    expect(compileError({ code: 1, output }).message).toContain('npm_config_disturl')
  })
})
