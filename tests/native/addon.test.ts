import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cachedAddon, compileError, provideAddon, requireCompiler } from '../../worker/tensorflow/native/addon.js'
import { UnavailableError } from '../../shared/errors.js'
import { CompileError, MissingToolError } from '../../worker/tensorflow/native/errors.js'
import type { Library } from '../../worker/tensorflow/native/library.js'
import { addonPath } from '../../worker/tensorflow/native/tfjs-package.js'
import { pathWith, temporaryFolder } from './fake-programs.js'
import { machineWith } from './fake-release.js'

const library: Library = { name: 'tensorflow-1.0-linux-x64', main: '/a', framework: '/b', companions: [], include: '/c', nvidia: null }

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
    mkdirSync(join(cache, 'tensorflow'))
    const output =
      'gyp info it worked if it ends with ok\nmake: Entering directory\n../x.cc:3:10: fatal error: c_api.h: No such file\ngyp ERR! stack Error: `make` failed\ngyp ERR! not ok\n'
    const PATH = pathWith({ python3: 'exit 0', make: 'exit 0', 'g++': 'exit 0' })
    const machine = { ...machineWith(''), env: { PATH }, run: () => Promise.resolve({ code: 1, output }) }
    const attempt = provideAddon(cache, library, tfjs, machine)
    await expect(attempt).rejects.toThrow(CompileError)
    const log = join(cache, 'tensorflow', 'compile.log')
    await expect(attempt).rejects.toThrow(`(../x.cc:3:10: fatal error: c_api.h: No such file): mend the compiler; the log is ${log}`)
    expect(readFileSync(log, 'utf8')).toBe(output)
    expect(existsSync(addonPath(tfjs))).toBe(false)
    expect(existsSync(cachedAddon(cache, library, tfjs))).toBe(false)
  })

  it("says what to do where Node's headers cannot be downloaded", () => {
    const output = 'gyp http GET https://nodejs.org/download/release/node-headers.tar.gz\ngyp WARN install got an error, rolling back install\ngyp ERR! configure error\n'
    expect(compileError({ code: 1, output }, '/log')).toBeInstanceOf(UnavailableError)
    expect(compileError({ code: 1, output }, '/log').message).toContain('npm_config_disturl')
  })
})
