import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { packageRoot } from '../../shared/package-root.js'

const folder = mkdtempSync(join(tmpdir(), 'nasoa-no-room-'))
const program = join(packageRoot(), 'bin/nasoa.js')

// What is built on demand is no part of what is tested here.
beforeAll(() => void execFileSync(process.execPath, [program, '--version']))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs `nasoa` so that it can write into pipes, and no byte into any file (EFBIG). */
function withoutRoom(...words: string[]): { readonly code: number | null; readonly last: string } {
  const { status, stderr } = spawnSync('prlimit', ['--fsize=0:', process.execPath, program, ...words], { encoding: 'utf8' })
  return { code: status, last: stderr.trimEnd().split('\n').at(-1) ?? '' }
}

test('a coordinator that cannot write its store ends with one line that says so', () => {
  const config = join(folder, 'search.yaml')
  writeFileSync(config, JSON.stringify({ name: 'no-room', data: { directory: 'builtin:digits' }, search: { candidates: 100 } }))
  const { code, last } = withoutRoom('coordinator', '--config', config, '--output', join(folder, 'search'), '--listen', '127.0.0.1:0')
  expect(last).toMatch(/^nasoa: the store in .*search cannot be written \(.*\): free its disk, then start again$/)
  expect(code).toBe(1)
})

test('a worker that cannot write its folder ends with one line that says so', () => {
  const work = join(folder, 'work')
  const { code, last } = withoutRoom('worker', '--coordinator', '127.0.0.1:1', '--work', work)
  expect(last).toMatch(/^nasoa: the folder .*work cannot be used \(.*\): make it writable, with room on its disk, or name another with --work$/)
  expect(code).toBe(1)
})
