import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { durationSchema, formatDuration, parseDuration } from '../../shared/config/duration.js'
import { ConfigError, parseYaml, readConfigText } from '../../shared/config/yaml-file.js'

const schema = z.strictObject({
  name: z.string(),
  training: z.strictObject({ epochs: z.int().positive(), batch: z.int().default(64), limit: durationSchema.optional() }),
  list: z.array(z.strictObject({ kind: z.enum(['a', 'b']) })).default([]),
})

const messageFor = (text: string): string => {
  try {
    parseYaml(text, 'search.yaml', schema)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as Error).message
  }
  throw new Error('expected a ConfigError')
}

describe('a config file', () => {
  test('is parsed with defaults and durations in milliseconds', () => {
    expect(parseYaml('name: x\ntraining: {epochs: 3, limit: 90s}\n', 'f', schema)).toEqual({
      name: 'x',
      training: { epochs: 3, batch: 64, limit: 90_000 },
      list: [],
    })
  })

  test.each([
    ['name: x\ntraining:\n  epochs: 1\n  bacth: 3\n', /^search\.yaml:4:3: unknown key 'training\.bacth'; did you mean 'batch'\?/],
    ['nmae: x\ntraining: {epochs: 1}\n', /^search\.yaml:1:1: /],
    ['name: x\ntraining:\n  epochs: two\n', /^search\.yaml:3:3: training\.epochs: /],
    ['name: x\ntraining:\n  epochs: -1\n', /^search\.yaml:3:3: training\.epochs: /],
    ['name: x\ntraining:\n  epochs: 1\n  limit: soon\n', /^search\.yaml:4:3: training\.limit: not a duration/],
    ['name: x\ntraining: {epochs: 1}\nlist:\n  - kind: c\n', /^search\.yaml:4:5: list\.0\.kind: /],
    ['name: x\ntraining: {epochs: 1}\nlist:\n  - kind: a\n    knid: b\n', /^search\.yaml:5:5: unknown key 'list\.0\.knid'; did you mean 'kind'\?/],
    ['name: [1\n', /^search\.yaml:\d+:\d+: /],
    ['name: x\nname: y\ntraining: {epochs: 1}\n', /^search\.yaml:2:1: .*unique/],
    ['', /^search\.yaml:1:1: /],
    ['just text', /^search\.yaml:1:1: /],
  ])('says file, line, column and key: %j', (text, expected) => {
    const message = messageFor(text)
    expect(message).toMatch(expected)
    expect(message).not.toContain('\n')
  })

  test('expanding aliases without end are refused', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefgh'.replace(/./g, (c) => `${c}: &${c} [${`*${String.fromCharCode(c.charCodeAt(0) - 1)},`.repeat(10)}]\n`)}`
    expect(messageFor(bomb)).toMatch(/^search\.yaml/)
  })

  test('that is absent, a folder, not UTF-8 or too large gives one clear line', () => {
    const folder = mkdtempSync(join(tmpdir(), 'nasoa-config-'))
    writeFileSync(join(folder, 'latin1.yaml'), Buffer.from([0x6e, 0x61, 0xff, 0xfe]))
    writeFileSync(join(folder, 'large.yaml'), '#'.repeat(1024 * 1024 + 1))
    for (const name of ['absent.yaml', '.', 'latin1.yaml', 'large.yaml']) {
      expect(() => readConfigText(join(folder, name))).toThrow(ConfigError)
    }
  })
})

describe('durations', () => {
  test.each([
    ['90s', 90_000],
    ['4m', 240_000],
    ['1.5h', 5_400_000],
    ['250ms', 250],
    ['2 minutes', 120_000],
    ['7d', 604_800_000],
    ['4', null],
    ['-4m', null],
    ['0s', null],
    ['4 parsecs', null],
    ['m', null],
    ['', null],
    [`${'9'.repeat(60)}m`, null],
  ])('%s is %s ms', (text, expected) => {
    expect(parseDuration(text)).toBe(expected)
  })

  test.each([
    [400, '0s'],
    [59_000, '59s'],
    [61_000, '1m 01s'],
    [3_600_000, '1h 00m'],
    [260_000_000, '3d 0h'],
  ])('%d ms is shown as %s', (durationMs, expected) => {
    expect(formatDuration(durationMs)).toBe(expected)
  })
})
