import { readFileSync, readdirSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const rooms = ['shared', 'coordinator', 'worker', 'simulator', 'cli', 'bench']

/** Packages that compute and nothing else, so that a pure room may use them. */
const purePackages = ['ml-matrix', 'tinyqueue']

interface Import {
  readonly file: string
  /** Path from the root for a file of ours, otherwise the package's name. */
  readonly target: string
  readonly isPackage: boolean
}

function sourceFiles(): string[] {
  return rooms.flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => relative(root, join(entry.parentPath, entry.name))),
  )
}

function importsOf(file: string): Import[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), 'utf8'), true, true)
  return importedFiles.map(({ fileName }) => {
    if (fileName.startsWith('.')) return { file, target: relative(root, resolve(root, dirname(file), fileName)), isPackage: false }
    return { file, target: fileName, isPackage: true }
  })
}

const files = sourceFiles()
const imports = files.flatMap(importsOf)
const from = (prefix: string): Import[] => imports.filter(({ file }) => file.startsWith(prefix))
const show = (found: readonly Import[]): string[] => found.map(({ file, target }) => `${file} imports ${target}`)

function isBuiltin(name: string): boolean {
  return name.startsWith('node:') || builtinModules.includes(name)
}

describe('who may import whom', () => {
  const pureGround = ['shared/space/', 'shared/network/', 'shared/rng.js', 'shared/errors.js']

  test.each([
    ['shared/space/', pureGround],
    ['shared/network/', pureGround],
    ['coordinator/search/', [...pureGround, 'shared/matern.js', 'shared/normal-distribution.js', 'coordinator/search/', 'coordinator/step-time/']],
    ['coordinator/step-time/', [...pureGround, 'shared/matern.js', 'shared/normal-distribution.js', 'coordinator/step-time/']],
  ])('%s imports only its own ground', (room, allowed) => {
    const foreign = from(room).filter(
      ({ target, isPackage }) => !(isPackage ? purePackages.includes(target) : allowed.some((prefix) => target.startsWith(prefix))),
    )
    expect(from(room).length).toBeGreaterThan(0)
    expect(show(foreign)).toEqual([])
  })

  test.each([
    ['worker/', ['coordinator/', 'simulator/', 'cli/', 'bench/']],
    ['coordinator/', ['worker/', 'simulator/', 'cli/', 'bench/']],
    ['simulator/', ['worker/', 'cli/', 'bench/']],
    ['shared/', ['worker/', 'coordinator/', 'simulator/', 'cli/', 'bench/']],
  ])('%s imports none of %j', (room, forbidden) => {
    const found = from(room).filter(({ target, isPackage }) => !isPackage && forbidden.some((prefix) => target.startsWith(prefix)))
    expect(show(found)).toEqual([])
  })

  test('TensorFlow is loaded in one place only', () => {
    const found = imports.filter(({ file, target }) => target.startsWith('@tensorflow/') && !file.startsWith('worker/tensorflow/'))
    expect(show(found)).toEqual([])
  })
})

describe('pure rooms', () => {
  const impure = /\b(Math\.random|Date\.now|new Date\(\)|performance\.now|setTimeout|setInterval|setImmediate|process\.(?:env|argv|hrtime|memoryUsage|cpuUsage|pid|cwd|std\w+|on|once|exit|platform|uptime|nextTick)\b|globalThis\.)/

  test.each(['shared/space/', 'shared/network/', 'coordinator/search/', 'coordinator/jobs/', 'coordinator/step-time/', 'simulator/', 'shared/rng.ts'])('%s touches no clock, no hidden randomness, no I/O', (room) => {
    const found = files
      .filter((file) => file.startsWith(room))
      .flatMap((file) => readFileSync(join(root, file), 'utf8').split('\n').map((line, index) => ({ file, line, index })))
      .filter(({ line }) => impure.test(line.replace(/\/\/.*|^\s*\/?\*.*/, '')))
    expect(found.map(({ file, index, line }) => `${file}:${index + 1}: ${line.trim()}`)).toEqual([])
  })
})

describe('packages', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<'dependencies' | 'devDependencies', Record<string, string>>
  const packageName = (target: string): string => target.split('/').slice(0, target.startsWith('@') ? 2 : 1).join('/')

  test('every import is declared as a dependency', () => {
    const undeclared = imports.filter(({ target, isPackage }) => isPackage && !isBuiltin(target) && !(packageName(target) in manifest.dependencies))
    expect(show(undeclared)).toEqual([])
  })

  test('no dependency is declared without use', () => {
    const launcher = ['bin/build.js', 'bin/nasoa.js'].map((file) => readFileSync(join(root, file), 'utf8')).join()
    const sources = files.map((file) => readFileSync(join(root, file), 'utf8')).join()
    const unused = Object.keys(manifest.dependencies).filter((name) => ![`'${name}`, `"${name}`].some((quoted) => launcher.includes(quoted) || sources.includes(quoted)))
    expect(unused).toEqual([])
  })

  test('the lock file names no registry', () => {
    expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).not.toMatch(/"resolved"/)
  })
})
