import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { ensureBuilt } from '../../bin/build.js'
import { runProgram } from '../support/program.js'

const folder = mkdtempSync(join(tmpdir(), 'nasoa-input-'))
const file = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const empty = join(folder, 'empty')
mkdirSync(empty)
const unknownKey = file('unknown-key.yaml', 'data: {directory: "builtin:digits"}\ntraining:\n  epohcs: 3\n')
const invalid = file('invalid.yaml', 'data: {directory: "builtin:digits"}\nsearch: {population: many}\n')

beforeAll(ensureBuilt)

describe('bad input is refused with one clear line', () => {
  test.each<[string, string[], RegExp]>([
    ['an invalid encoding', ['train', '020-_64_1-1-', '--data', empty, '--epochs', '1'], /"-".*(character|position) 11/],
    ['an invalid encoding to describe', ['space', 'describe', '920-_64_1'], /(character|position) 0/],
    ['a data folder without classes', ['train', '020-_8_1-2', '--data', empty, '--epochs', '1'], /class/],
    ['a data folder that is not there', ['train', '020-_8_1-2', '--data', join(folder, 'none'), '--epochs', '1'], /none/],
    ['an unknown option', ['demo', '--bugdet', '3m'], /bugdet/],
    ['an unknown command', ['serach'], /search/],
    ['an option given twice', ['train', '020-_8_1-2', '--data', empty, '--epochs', '1', '--epochs', '2'], /--epochs is given twice/],
    ['no command', [], /command/],
    ['a budget that is no duration', ['demo', '--budget', '3'], /--budget 3 is not a duration/],
    ['a demo on a folder without classes', ['demo', '--data', empty, '--output', join(folder, 'demo')], /class/],
    ['a config with an unknown key', ['search', 'run', '--config', unknownKey, '--output', join(folder, 'a')], /3:3: unknown key 'training\.epohcs'; did you mean 'epochs'/],
    ['a config with a wrong value', ['search', 'run', '--config', invalid, '--output', join(folder, 'b')], /2:\d+: search\.population/],
    ['a config that is not there', ['coordinator', '--config', join(folder, 'none.yaml'), '--output', join(folder, 'c')], /none\.yaml/],
    ['no search to resume', ['search', 'resume', empty], /no search in/],
    ['no search to show', ['zoo', empty], /no search in/],
    ['an address that is none', ['worker', '--coordinator', 'nowhere', '--work', join(folder, 'w')], /--coordinator/],
  ])('%s', async (_, words, expected) => {
    const { code, stdout, stderr } = await runProgram(...words)
    expect(stderr).toMatch(expected)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })

  test('with --json the error is on stdout too', async () => {
    const { code, stdout } = await runProgram('train', '020-_64_1-1-', '--data', empty, '--epochs', '1', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'invalid_encoding', position: 11 } })
    expect(code).toBe(2)
  })

  test('a port in use', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const config = file('good.yaml', 'data: {directory: "builtin:digits"}\ntraining: {resolution: 32}\n')
    const words = ['--config', config, '--output', join(folder, 'port'), '--listen', `127.0.0.1:${port}`]
    const { code, stderr } = await runProgram('coordinator', ...words)
    expect(stderr).toMatch(new RegExp(`127\\.0\\.0\\.1:${port}.*in use`))
    expect(stderr.split('\n').filter((line) => line.startsWith('nasoa: '))).toHaveLength(1)
    expect(code).toBeGreaterThan(0)
    server.close()
  })
})
