import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EnvironmentError, InvalidInputError } from '../../shared/errors.js'
import { readCheckpoint, writeCheckpoint } from '../../worker/tensorflow/checkpoint.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nasoa-test-'))
})
afterAll(() => rm(folder, { recursive: true }))

const shapes = new Map([
  ['stem/0/weight', [2, 1, 3]],
  ['step', []],
  ['head/bias', [0]],
])
const variables = new Map([
  ['stem/0/weight', Float32Array.of(0, -0, NaN, Infinity, 1e-45, 3.4028234663852886e38)],
  ['step', Float32Array.of(7)],
  ['head/bias', new Float32Array(0)],
])
const metadata = { epoch: '3', note: 'äöü "quoted" \u0000' }

const path = (name: string) => join(folder, name)

/** A file with the given header (JSON value or text) and bytes of data. */
async function craft(header: unknown, dataBytes: number, length?: bigint): Promise<string> {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const file = Buffer.alloc(8 + text.length + dataBytes)
  file.writeBigUInt64LE(length ?? BigInt(text.length))
  text.copy(file, 8)
  await writeFile(path('crafted'), file)
  return path('crafted')
}

const layout = { __metadata__: { 'nasoa.layout': 'tensorflow' } }
const tensor = (shape: unknown, offsets: unknown, dtype = 'F32') => ({ dtype, shape, data_offsets: offsets })

describe('a checkpoint', () => {
  it('comes back bit for bit, with shapes and metadata', async () => {
    await writeCheckpoint(path('a'), variables, shapes, metadata)
    const read = await readCheckpoint(path('a'), shapes)
    expect([...read.variables.keys()]).toEqual([...variables.keys()])
    for (const [name, values] of variables) expect(Buffer.from(read.variables.get(name)!.buffer)).toEqual(Buffer.from(values.buffer))
    expect(read.shapes).toEqual(shapes)
    expect(read.metadata).toEqual({ ...metadata, 'nasoa.layout': 'tensorflow' })
  })

  it('is a .safetensors file: length, JSON header, data at a multiple of 8', async () => {
    await writeCheckpoint(path('a'), variables, shapes, metadata)
    const bytes = await readFile(path('a'))
    const length = Number(bytes.readBigUInt64LE())
    expect(length % 8).toBe(0)
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<string, unknown>
    expect(header['stem/0/weight']).toEqual({ dtype: 'F32', shape: [2, 1, 3], data_offsets: [0, 24] })
    expect(bytes.readFloatLE(8 + length + 24)).toBe(7)
  })

  it('replaces the older file and leaves nothing beside it', async () => {
    await writeCheckpoint(path('b'), variables, shapes, { epoch: '1' })
    await writeCheckpoint(path('b'), variables, shapes, { epoch: '2' })
    expect((await readCheckpoint(path('b'))).metadata.epoch).toBe('2')
    expect((await readdir(folder)).filter((name) => name.startsWith('b'))).toEqual(['b'])
  })

  it('says so when it cannot be written', async () => {
    await expect(writeCheckpoint(path('none/a'), variables, shapes, {})).rejects.toThrow(EnvironmentError)
  })

  it('is refused when it is cut short anywhere or has bytes too many', async () => {
    await writeCheckpoint(path('whole'), variables, shapes, metadata)
    const bytes = await readFile(path('whole'))
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: bytes.length - 1 }), async (length) => {
        await writeFile(path('cut'), bytes.subarray(0, length))
        await expect(readCheckpoint(path('cut'))).rejects.toThrow(InvalidInputError)
      }),
    )
    await writeFile(path('cut'), Buffer.concat([bytes, Buffer.alloc(1)]))
    await expect(readCheckpoint(path('cut'))).rejects.toThrow('the file has 29')
  })

  it.each([
    ['no file', () => Promise.resolve(path('missing')), 'cannot open'],
    ['a header longer than the file', () => craft({}, 0, 1000n), 'header would be 1000 bytes'],
    ['a header of 2^64 - 1 bytes', () => craft({}, 0, 2n ** 64n - 1n), 'header would be 18446744073709551615 bytes'],
    ['no JSON', () => craft('{"a":', 0), 'no JSON object'],
    ['a JSON list', () => craft([], 0), 'no JSON object'],
    ['no layout', () => craft({}, 0), 'nasoa.layout'],
    ['metadata of another type', () => craft({ __metadata__: { a: 1 } }, 0), 'not all strings'],
    ['another type', () => craft({ ...layout, a: tensor([1], [0, 4], 'I32') }, 4), '"a" is malformed'],
    ['a negative size', () => craft({ ...layout, a: tensor([-1], [0, 4]) }, 4), '"a" is malformed'],
    ['a size beyond exact integers', () => craft({ ...layout, a: tensor([2 ** 40, 2 ** 40], [0, 4]) }, 4), '"a" is malformed'],
    ['a shape that does not fill its bytes', () => craft({ ...layout, a: tensor([2], [0, 4]) }, 4), '"a" is malformed'],
    ['an entry that is null', () => craft({ ...layout, a: null }, 0), '"a" is malformed'],
    ['overlapping tensors', () => craft({ ...layout, a: tensor([2], [0, 8]), b: tensor([1], [4, 8]) }, 8), '"b" starts at byte 4, 8 expected'],
    ['a gap', () => craft({ ...layout, a: tensor([1], [0, 4]), b: tensor([1], [8, 12]) }, 12), '"b" starts at byte 8, 4 expected'],
    ['bytes that no tensor has', () => craft({ ...layout, a: tensor([1], [0, 4]) }, 8), 'describes 4 bytes of data, the file has 8'],
  ])('is refused with %s', async (_, make, message) => {
    const attempt = readCheckpoint(await make())
    await expect(attempt).rejects.toThrow(InvalidInputError)
    await expect(attempt).rejects.toThrow(message)
  })

  it('is refused for a network with other variables', async () => {
    await writeCheckpoint(path('a'), variables, shapes, metadata)
    await expect(readCheckpoint(path('a'), new Map([...shapes, ['more', [1]]]))).rejects.toThrow('lacks variable more')
    await expect(readCheckpoint(path('a'), new Map([...shapes, ['stem/0/weight', [3, 1, 2]]]))).rejects.toThrow('is [2,1,3], [3,1,2] expected')
    await expect(readCheckpoint(path('a'), new Map([...shapes].slice(1)))).rejects.toThrow('unknown variable "stem/0/weight"')
  })
})
