import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { protectDashedWords, revealDashedWord } from '../../cli/dashed-words.js'
import { type BoundsArguments, boundsOf, parseRange } from '../../cli/space/bounds-options.js'
import { type Line, splitLines } from '../../cli/space/read-lines.js'
import { defaultBounds } from '../../shared/space/bounds.js'
import { parseEncoding } from '../../shared/space/parse.js'
import { publishedNetworks } from '../network/published-networks.js'

const program = join(import.meta.dirname, '../../bin/nasoa.js')

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the program as a user does. With `firstLineOnly`, the reader goes away after the first output. */
function nasoa(words: readonly string[], { input = '', firstLineOnly = false } = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...words], { stdio: ['pipe', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
      if (firstLineOnly) child.stdout.destroy()
    })
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

const lines = <T = Record<string, unknown>>(text: string): T[] => text.trim().split('\n').map((line) => JSON.parse(line) as T)

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nasoa-space-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('nasoa space describe', () => {
  test('prints exact counts, blocks and stages as JSON, of the canonical form', async () => {
    const { code, stdout } = await nasoa(['space', 'describe', '31311-a12a03a02_64_211-2111-211111-211', '--json'])
    const { params, macs, activations } = publishedNetworks.find(({ encoding }) => encoding === '31311-a02a12_64_211-2111-211111-211') ?? {}
    expect(code).toBe(0)
    expect(lines(stdout)).toEqual([
      expect.objectContaining({
        encoding: '31311-a02a12_64_211-2111-211111-211',
        params,
        macs,
        activations,
        blocks: 16,
        stages: [
          { blocks: 3, width: 128, stride: 4 },
          { blocks: 4, width: 256, stride: 8 },
          { blocks: 6, width: 512, stride: 16 },
          { blocks: 3, width: 1024, stride: 32 },
        ],
      }),
    ])
  })

  test('prints a table for people, layers as well', async () => {
    const { code, stdout } = await nasoa(['space', 'describe', '020-_64_1-1', '--resolution', '32', '--classes', '10', '--layers'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^020-_64_1-1 at 32 x 32 pixels, 10 classes\nparams +\d/)
    expect(stdout).toMatch(/^stage2\/block0\/skip_0_2\/projection +convolution +4 x 4 x 64 +1 +2 +1 +4,096 +65,536$/m)
  })

  test.each([
    [['020'], '020', 3],
    [['1e5'], '1e5', 1],
    [['-4-_4_1'], '-4-_4_1', 0],
    [['--', '-4-_4_1'], '-4-_4_1', 0],
    [['020-_65_1'], '020-_65_1', 5],
  ])('refuses %j as the encoding that was typed', async (words, encoding, position) => {
    const { code, stdout, stderr } = await nasoa(['space', 'describe', '--json', ...words])
    expect(code).toBe(2)
    expect(lines<{ error: unknown }>(stdout)[0].error).toMatchObject({ code: 'invalid_encoding', encoding, position })
    expect(stderr.trim().split('\n').at(-1)).toContain(`invalid encoding "${encoding}"`)
  })

  test('refuses a resolution of zero', async () => {
    const { code, stderr } = await nasoa(['space', 'describe', '0-_4_1', '--resolution', '0'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('--resolution must be an integer from 1')])
  })
})

describe('nasoa space validate', () => {
  test('judges each line of a file with CRLF, blank lines and no last end of line', async () => {
    const file = join(folder, 'lines.txt')
    writeFileSync(file, '\ufeff020-_64_1\r\n\r\n\n02020-a12a02_64_1\n020-_64_1 \n5-_16_1')
    const { code, stdout, stderr } = await nasoa(['space', 'validate', file, '--json'])
    expect(code).toBe(2)
    expect(stderr).toContain('2 of 4 lines are invalid')
    expect(lines(stdout)).toEqual([
      { input: '020-_64_1', valid: true, canonical: '020-_64_1' },
      { input: '02020-a12a02_64_1', valid: true, canonical: '02020-a02a12_64_1' },
      { input: '020-_64_1 ', valid: false, reason: expect.any(String) as string, position: 9 },
      { input: '5-_16_1', valid: false, reason: expect.any(String) as string, position: 0 },
    ])
  })

  test('reads standard input and ends with 0 where all is valid', async () => {
    const { code, stdout } = await nasoa(['space', 'validate', '-'], { input: '020-a02_64_1\n0-_4_1\n' })
    expect([code, stdout]).toEqual([0, 'valid    020-a02_64_1  the same network as 020-_64_1\nvalid    0-_4_1\n'])
  })

  test('names a file that is not there', async () => {
    const { code, stdout } = await nasoa(['space', 'validate', join(folder, 'none.txt'), '--json'])
    expect(code).toBe(2)
    expect(lines(stdout)[0]).toMatchObject({ error: { code: 'invalid_input', message: expect.stringContaining('no such file') as string } })
  })
})

describe('nasoa space sample and mutate', () => {
  test('give the same lines for the same seed', async () => {
    const words = ['space', 'sample', '--count', '5', '--seed', '3', '--json', '--macs', '100M..1G', '--operations', '0,1', '--skips', '0']
    const [first, second] = await Promise.all([nasoa(words), nasoa(words)])
    expect(first.code).toBe(0)
    expect(first.stdout).toBe(second.stdout)
    const encodings = lines<{ encoding: string }>(first.stdout).map(({ encoding }) => encoding)
    expect(encodings).toHaveLength(5)
    for (const encoding of encodings) {
      expect(parseEncoding(encoding).ok).toBe(true)
      expect(encoding).toMatch(/^[0-4]+-_/)
    }
  })

  test('name the operator of each mutation', async () => {
    const { code, stdout } = await nasoa(['space', 'mutate', '020-_64_1-1', '--count', '4', '--seed', '3', '--json'])
    expect(code).toBe(0)
    const children = lines<{ encoding: string; operator: string }>(stdout)
    expect(children).toHaveLength(4)
    for (const { encoding, operator } of children) {
      expect(parseEncoding(encoding).ok).toBe(true)
      expect(encoding).not.toBe('020-_64_1-1')
      expect(operator).toMatch(/^[a-z]+_[a-z]+$/)
    }
  })

  test('end quietly when the reader goes away', async () => {
    const { code, stderr } = await nasoa(['space', 'sample', '--count', '1000000', '--seed', '1'], { firstLineOnly: true })
    expect(code).toBe(0)
    expect(stderr.replace(/^nasoa: building.*\n/, '')).toBe('')
  })

  test.each([
    [['sample', '--seed', '1', '--seed', '2'], '--seed is given twice: give it once'],
    [['mutate', '020-_64_1', '--operator', 'bend'], 'must be one of change_operation'],
  ])('refuse %j', async (words, message) => {
    const { code, stderr } = await nasoa(['space', ...words])
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
  })
})

describe('lines of a stream', () => {
  const read = async (chunks: string[]): Promise<Line[]> => {
    const found: Line[] = []
    for await (const line of splitLines(chunks)) found.push(line)
    return found
  }

  test('do not depend on how it is cut into chunks', async () => {
    const text = 'ab\r\n\ncd\n\r\nef'
    const whole = await read([text])
    expect(whole.map((line) => line.text)).toEqual(['ab', '', 'cd', '', 'ef'])
    expect(await read([...text])).toEqual(whole)
  })

  test('are cut where they are hostile', async () => {
    const [line] = await read(Array.from({ length: 1000 }, () => '1'.repeat(1000)))
    expect([line.text.length, line.characters]).toEqual([4096, 1_000_000])
  })
})

describe('options of bounds', () => {
  const open = { min: 3, max: 9 }

  test.each([
    ['4', { min: 4, max: 4 }],
    ['4..5', { min: 4, max: 5 }],
    ['4..', { min: 4, max: 9 }],
    ['..5', { min: 3, max: 5 }],
    ['1.5M..2G', { min: 1_500_000, max: 2_000_000_000 }],
    ['1k', { min: 1000, max: 1000 }],
  ])('read %s', (text, range) => {
    expect(parseRange('blocks', text, open)).toEqual(range)
  })

  test.each(['', '..', '1..2..3', 'x', '-1', '1e3', ' 1', '0x1', '\u0661'])('refuse %j', (text) => {
    expect(() => parseRange('blocks', text, open)).toThrow('--blocks')
  })

  test('leave what is not given', () => {
    expect(boundsOf({}, defaultBounds)).toEqual(defaultBounds)
    expect(boundsOf({ skipKinds: '', stemChannels: '8,16' }, defaultBounds)).toEqual({ ...defaultBounds, skipKinds: [], stemChannels: [8, 16] })
    expect(() => boundsOf({ blocks: ['1', '2'] } as unknown as BoundsArguments, defaultBounds)).toThrow('given twice')
  })
})

test('dashed words survive the command line', () => {
  expect(protectDashedWords(['space', '--json', '-h', '-_4_1', '-4-_4_1', '020-_4_1'])).toEqual(['space', '--json', '-h', '"-_4_1"', '"-4-_4_1"', '020-_4_1'])
  expect(protectDashedWords(['a', '--', '-b', 'c', '--json'])).toEqual(['a', '"-b"', 'c', '"--json"'])
  for (const word of ['-4-_4_1', '"x"', '020', '-']) expect(revealDashedWord(protectDashedWords(['--', word])[0])).toBe(word)
})
