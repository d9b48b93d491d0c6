import { createHash } from 'node:crypto'
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { ensureBuilt } from '../../bin/build.js'
import { CancelledError, InvalidInputError } from '../../shared/errors.js'
import { openDataset } from '../../worker/data/dataset.js'
import { inspectData } from '../../worker/data/inspect.js'
import { type PackOptions, type PackReport, packShards } from '../../worker/data/shards/pack.js'
import { verifyData } from '../../worker/data/verify.js'
import { Program, runProgram } from '../support/program.js'
import { imageNetFolder, jpeg, temporaryFolder, writeFiles } from './image-files.js'
import { writeTar } from './tar-files.js'

beforeAll(() => ensureBuilt())
beforeEach(() => {
  vi.stubEnv('NASOA_CACHE', temporaryFolder())
  return () => vi.unstubAllEnvs()
})

const silent = (): void => undefined
const notAborted = (): AbortSignal => new AbortController().signal

const pack = (directory: string, output: string, changes: Partial<PackOptions> = {}): Promise<PackReport> =>
  packShards({ directory, output, shardBytes: 12_000, seed: 0, onProgress: silent, log: silent, signal: notAborted(), ...changes })
const verify = (directory: string) => verifyData({ directory, log: silent, onProgress: silent, signal: notAborted() })
const inspect = (directory: string) => inspectData({ directory, log: silent, onProgress: silent, signal: notAborted() })

const folderOf = (train = 9, val = 3): Promise<string> => imageNetFolder({ classes: ['cat', 'dog'], train, val })

/** Name -> SHA-256 of every file of a folder. */
function hashes(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).sort().map((name) => [name, createHash('sha256').update(readFileSync(join(folder, name))).digest('hex')]))
}

describe('packing', () => {
  test('gives the same bytes every time, small enough shards, and an index that is true', async () => {
    const folder = await folderOf()
    const [first, second] = [join(temporaryFolder(), 'shards'), temporaryFolder()]
    const report = await pack(folder, first)
    expect(report).toMatchObject({ classes: 2, images: { train: 18, val: 6 }, reused: 0, unreadable: [] })
    expect(report.shards).toBeGreaterThan(3)
    const copy = temporaryFolder()
    cpSync(folder, copy, { recursive: true })
    await pack(copy, second)
    expect(hashes(second)).toEqual(hashes(first))
    const index = JSON.parse(readFileSync(join(first, 'index.json'), 'utf8')) as { shards: { file: string; sha256: string; bytes: number }[] }
    for (const { file, sha256, bytes } of index.shards) {
      expect(createHash('sha256').update(readFileSync(join(first, file))).digest('hex')).toBe(sha256)
      expect(bytes).toBeLessThanOrEqual(12_000 + 1024)
    }
    expect(readdirSync(first).every((name) => /^(index\.json|(train|val)-\d{6}\.(tar|json))$/.test(name))).toBe(true)
  })

  test('holds every image with its label, as other readers of tar see it', async () => {
    const folder = await folderOf(3, 1)
    const output = temporaryFolder()
    await pack(folder, output)
    const unpacked = temporaryFolder()
    for (const name of readdirSync(output).filter((name) => /^train.*\.tar$/.test(name))) execFileSync('tar', ['xf', join(output, name), '-C', unpacked])
    const found = readdirSync(unpacked).filter((name) => name.endsWith('.jpg')).map((name) => {
      const label = Number(readFileSync(join(unpacked, name.replace('.jpg', '.cls')), 'utf8'))
      return `${['cat', 'dog'][label]} ${readFileSync(join(unpacked, name)).toString('base64')}`
    })
    const expected = ['cat', 'dog'].flatMap((name) => readdirSync(join(folder, 'train', name)).map((file) => `${name} ${readFileSync(join(folder, 'train', name, file)).toString('base64')}`))
    expect(found.sort()).toEqual(expected.sort())
  })

  test('is trained on with the classes of the folder', async () => {
    const folder = await folderOf(4, 2)
    const output = temporaryFolder()
    await pack(folder, output)
    const recipe = { resolution: 16, batch: 8, augmentation: 'none', seed: 1 } as const
    const open = (directory: string) => openDataset({ directory, subset: { seed: 0 }, recipe, unreadableLimit: 0, log: silent })
    const images = async (directory: string): Promise<string[]> => {
      const found: string[] = []
      for await (const { images, labels } of (await open(directory)).trainBatches(0)) labels.forEach((label, at) => found.push(`${label} ${Buffer.from(images.subarray(at * 768, (at + 1) * 768)).toString('base64')}`))
      return found.sort()
    }
    expect((await open(output)).classes).toEqual(['cat', 'dog'])
    expect(await images(output)).toEqual(await images(folder))
  })

  test('goes on where it was interrupted, to the same bytes', async () => {
    const folder = await folderOf()
    const whole = temporaryFolder()
    const { shards } = await pack(folder, whole)
    const output = temporaryFolder()
    const controller = new AbortController()
    const onProgress = (images: number): void => {
      if (images === 11) controller.abort()
    }
    await expect(pack(folder, output, { signal: controller.signal, onProgress })).rejects.toBeInstanceOf(CancelledError)
    expect(existsSync(join(output, 'index.json'))).toBe(false)
    // A shard that was damaged meanwhile is written again; so is one whose line in the journal was cut off.
    truncateSync(join(output, 'train-000001.tar'), 100)
    appendFileSync(join(output, 'pack.jsonl'), '{"file":"train-0')
    const { reused } = await pack(folder, output)
    expect(reused).toBeGreaterThan(0)
    expect(reused).toBeLessThan(shards)
    expect(hashes(output)).toEqual(hashes(whole))
    expect((await pack(folder, output)).reused).toBe(shards)
  })

  test('leaves out what cannot be read, and says so', async () => {
    const folder = writeFiles(await folderOf(2, 1), { 'train/cat/empty.jpg': '' })
    const lines: string[] = []
    const report = await pack(folder, temporaryFolder(), { log: (line) => lines.push(line) })
    expect(report).toMatchObject({ images: { train: 4, val: 2 }, unreadable: ['train/cat/empty.jpg'] })
    expect(lines).toEqual([expect.stringMatching(/^left out "train\/cat\/empty\.jpg"/)])
  })

  test('touches no folder that holds something else', async () => {
    const folder = await folderOf(2, 1)
    const occupied = writeFiles(temporaryFolder(), { 'precious.txt': 'x' })
    await expect(pack(folder, occupied)).rejects.toThrow(/is not empty: name a new folder/)
    expect(readdirSync(occupied)).toEqual(['precious.txt'])
    const output = temporaryFolder()
    await pack(folder, output)
    await expect(pack(folder, output, { seed: 1 })).rejects.toThrow(/holds shards of other images or settings/)
    writeFileSync(join(output, 'index.json'), '{"format":"nasoa-shards","version":1}')
    await expect(pack(folder, output)).rejects.toBeInstanceOf(InvalidInputError)
  })

  test('repacks shards', async () => {
    const folder = await folderOf(4, 2)
    const [first, second] = [temporaryFolder(), temporaryFolder()]
    await pack(folder, first)
    expect(await pack(first, second, { shardBytes: 1e6, seed: 3 })).toMatchObject({ shards: 2, images: { train: 8, val: 4 } })
    expect((await verify(second)).ok).toBe(true)
  })
})

describe('verification', () => {
  async function packed(): Promise<string> {
    const output = temporaryFolder()
    await pack(await folderOf(6, 2), output)
    return output
  }

  test('passes what was packed', async () => {
    const result = await verify(await packed())
    expect(result).toMatchObject({ ok: true, layout: 'shards', images: 16, unreadable: [] })
    expect(result.shards.every(({ ok, hash }) => ok && hash === 'equal')).toBe(true)
  })

  test.each<[string, (folder: string) => void, RegExp]>([
    ['a flipped bit', (folder) => {
      const path = join(folder, 'train-000000.tar')
      const bytes = readFileSync(path)
      bytes[600] ^= 1
      writeFileSync(path, bytes)
    }, /its bytes are not those that were packed/],
    ['a shard cut short', (folder) => truncateSync(join(folder, 'train-000000.tar'), 900), /cannot be read/],
    ['a missing shard', (folder) => rmSync(join(folder, 'train-000000.tar')), /ENOENT/],
    ['a missing list of contents', (folder) => rmSync(join(folder, 'train-000000.json')), /is missing: copy it/],
    ['a changed list of contents', (folder) => appendFileSync(join(folder, 'train-000000.json'), ' '), /is not the one that index\.json names/],
  ])('finds %s, and goes on with the rest', async (_, damage, problem) => {
    const folder = await packed()
    damage(folder)
    const { ok, shards } = await verify(folder)
    expect(ok).toBe(false)
    expect(shards.filter((shard) => !shard.ok)).toEqual([expect.objectContaining({ file: 'train-000000.tar', problem: expect.stringMatching(problem) as string })])
    expect(shards.length).toBeGreaterThan(2)
  })

  test('names the images that do not decode, in folders and in foreign shards', async () => {
    const whole = await jpeg(40, 40)
    const folder = writeFiles(await folderOf(2, 1), { 'train/cat/cut.jpg': whole.subarray(0, whole.length - 60), 'val/dog/text.png': 'text' })
    const result = await verify(folder)
    expect(result).toMatchObject({ ok: false, images: 6, layout: 'class-folders', shards: [] })
    expect(result.unreadable.map(({ path }) => path)).toEqual(['train/cat/cut.jpg', 'val/dog/text.png'])
    const shards = temporaryFolder()
    await writeTar(join(shards, 'train-0.tar'), [{ name: 'a.jpg', content: 'text' }, { name: 'a.cls', content: '0' }])
    await writeTar(join(shards, 'val-0.tar'), [{ name: 'a.jpg', content: whole }, { name: 'a.cls', content: '0' }, { name: 'b.jpg', content: whole }])
    const foreign = await verify(shards)
    expect(foreign.unreadable.map(({ path }) => path)).toEqual(['val-0.tar/b.jpg', 'train-0.tar/a.jpg'])
    expect(foreign.shards.map(({ hash }) => hash)).toEqual([null, null])
  })
})

describe('inspection', () => {
  test('counts classes, bytes, sizes and what cannot be read', async () => {
    const folder = writeFiles(await folderOf(3, 1), { 'train/cat/large.jpg': await jpeg(60, 40), 'train/dog/text.jpg': 'text', 'train/notes.txt': 'x' })
    const found = await inspect(folder)
    expect(found).toMatchObject({
      layout: 'class-folders',
      classes: [{ name: 'cat', train: 4, val: 1 }, { name: 'dog', train: 4, val: 1 }],
      images: { train: 8, val: 2 },
      shorterSide: { least: 16, median: 16, most: 40 },
      resolutions: [{ width: 16, height: 16, images: 8 }, { width: 60, height: 40, images: 1 }],
    })
    expect(found.unreadable.map(({ path }) => path)).toEqual(['train/dog/text.jpg'])
    expect(found.bytes.val).toBe(readFileSync(join(folder, 'val/cat/cat_0.JPEG')).length + readFileSync(join(folder, 'val/dog/dog_0.JPEG')).length)
  })
})

describe('nasoa data', () => {
  test('know the built-in data by its name', { timeout: 60_000 }, async () => {
    const { code, stdout } = await runProgram('data', 'inspect', 'builtin:digits')
    expect([code, stdout]).toEqual([0, expect.stringContaining('10 classes')])
  })

  test('packs, inspects and verifies; a damaged shard is exit code 1', async () => {
    const folder = await folderOf(4, 2)
    const output = join(temporaryFolder(), 'shards')
    const packed = await runProgram('data', 'pack', folder, '--output', output, '--json')
    expect(packed.code).toBe(0)
    expect(JSON.parse(packed.stdout)).toMatchObject({ output, shards: 2, images: { train: 8, val: 4 }, unreadable: [] })
    const inspected = await runProgram('data', 'inspect', output)
    expect(inspected.stdout).toMatch(/\(shards\): 2 classes\ntrain: 8 images, .*; 4 a class\n/)
    expect((await runProgram('data', 'verify', output)).stdout).toMatch(/^ok .* 12 images decode, 0 do not; 2 of 2 shards are whole, 2 with the hash of the index\n$/)
    truncateSync(join(output, 'val-000000.tar'), 1000)
    const verified = await runProgram('data', 'verify', output, '--json')
    expect(verified.code).toBe(1)
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: false, shards: [{ ok: true }, { ok: false }] })
  })

  test('ends with 130 at Ctrl-C, and goes on afterwards', async () => {
    const folder = await imageNetFolder({ classes: ['a', 'b'], train: 60, val: 2 })
    const output = join(temporaryFolder(), 'shards')
    mkdirSync(output)
    const packing = new Program(['data', 'pack', folder, '--output', output, '--shard-size', '0.01', '--seed', '1'])
    while (!readdirSync(output).some((name) => name.endsWith('.tar'))) await new Promise((resolve) => setTimeout(resolve, 1))
    packing.kill('SIGINT')
    const { code, stderr } = await packing.end()
    // It may have been done before the signal came.
    if (code === 130) expect(stderr).toMatch(/packing was interrupted; the same command goes on with it/)
    else expect(code).toBe(0)
    const again = await runProgram('data', 'pack', folder, '--output', output, '--shard-size', '0.01', '--seed', '1', '--json')
    expect(again.code).toBe(0)
    expect((JSON.parse(again.stdout) as { reused: number }).reused).toBeGreaterThan(0)
    expect((await verify(output)).ok).toBe(true)
  })

  test.each([
    [['pack', 'x', '--output', 'y', '--shard-size', '0'], /--shard-size must be 0\.01 to 100000 megabytes/],
    [['pack', 'x', '--output', 'y', '--seed', '-1'], /--seed must be an integer/],
    [['inspect', '/nowhere/at/all'], /cannot read the folder "\/nowhere\/at\/all": ENOENT/],
    [['unpack', 'x'], /nasoa --help/],
  ])('refuses wrong input in one line: %j', async (words, message) => {
    const { code, stderr } = await runProgram('data', ...words)
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})
