import { appendFile, mkdir, readFile, readdir, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import lockfile from 'proper-lockfile'
import { CancelledError, EnvironmentError, InvalidInputError, messageOf } from '../../../shared/errors.js'
import { writeDurably } from '../../durable-file.js'
import { sha256OfFile } from '../../../shared/sha256-of-file.js'
import { resolveManifest } from '../manifest.js'
import { readCollection } from '../read-collection.js'
import { type PackPlan, type PackSettings, type PlannedShard, planShards } from './pack-plan.js'
import { type ShardEntry, type ShardIndex, indexName, readShardIndex } from './shard-index.js'
import { writeShard } from './write-shard.js'

export interface PackOptions extends PackSettings {
  readonly directory: string
  readonly output: string
  /** Told how far it is: of so many images so many are in shards. */
  readonly onProgress: (images: number, total: number) => void
  /** A line for people. */
  readonly log: (line: string) => void
  readonly signal: AbortSignal
}

export interface PackReport {
  readonly output: string
  readonly classes: number
  readonly shards: number
  readonly images: { readonly train: number; readonly val: number }
  readonly bytes: number
  /** Shards that an earlier, interrupted run had written. */
  readonly reused: number
  /** Images that could not be read and stayed out. */
  readonly unreadable: readonly string[]
}

/** Shards that are done, a line each; the first line says of which plan. It goes when the index is written. */
const journalName = 'pack.jsonl'

interface Journal {
  readonly plan: string
  readonly done: readonly (ShardEntry & { readonly unreadable: readonly string[] })[]
}

async function readJournal(output: string): Promise<Journal | null> {
  const text = await readFile(join(output, journalName), 'utf8').catch(() => null)
  if (text === null) return null
  const [first, ...rest] = text.split('\n').filter((line) => line !== '')
  // A crash may have cut the last line off.
  const entries = rest.flatMap((line) => {
    try {
      return [JSON.parse(line) as Journal['done'][number]]
    } catch {
      return []
    }
  })
  return { plan: first ?? '', done: entries }
}

async function isWhole(output: string, { file, bytes, sha256, contentFile, contentSha256 }: ShardEntry): Promise<boolean> {
  const size = await stat(join(output, file)).then((found) => found.size, () => -1)
  if (size !== bytes) return false
  const hashes = await Promise.all([sha256OfFile(join(output, file)), sha256OfFile(join(output, contentFile))]).catch(() => [])
  return hashes[0] === sha256 && hashes[1] === contentSha256
}

/** @throws InvalidInputError unless the output folder is empty or holds the beginning of the same pack */
async function claim(output: string, source: string, plan: PackPlan): Promise<Journal> {
  await mkdir(output, { recursive: true })
  const journal = await readJournal(output)
  if (journal?.plan === plan.digest) return journal
  const names = (await readdir(output)).filter((name) => !name.startsWith('.') && !name.endsWith('.lock'))
  if (journal !== null || (await readShardIndex(output)) !== null) {
    throw new InvalidInputError(`${JSON.stringify(output)} holds shards of other images or settings than ${JSON.stringify(source)} now gives: name another folder, or remove it`, { output })
  }
  if (names.length > 0) throw new InvalidInputError(`${JSON.stringify(output)} is not empty: name a new folder for the shards`, { output })
  writeDurably(join(output, journalName), `${plan.digest}\n`)
  return { plan: plan.digest, done: [] }
}

/**
 * Packs a data folder of any layout into tar shards (WebDataset) with an index: the same bytes from the same folder and
 * settings, on every machine. Each shard appears whole or not at all; a pack that was interrupted goes on where it was.
 * @throws InvalidInputError, CancelledError (call it again to go on), EnvironmentError where the disk fails
 */
export async function packShards(options: PackOptions): Promise<PackReport> {
  const { directory, log, signal } = options
  const output = resolve(options.output)
  const manifest = await resolveManifest(await readCollection(directory, log), { seed: 0 })
  for (const { path, reason } of manifest.skipped) log(`left out ${JSON.stringify(path)}: ${reason}`)
  const plan = planShards(manifest, options)
  for (const { path } of plan.left) log(`left out ${JSON.stringify(path)}: the file is empty or gone`)
  const finished = await readShardIndex(output)
  if (finished !== null && finished.plan === plan.digest) return reportOf(output, finished, finished.shards.length, leftOut(plan))
  await mkdir(output, { recursive: true })
  const release = await lockfile.lock(output, { stale: 30_000 }).catch((error: unknown) => {
    throw new EnvironmentError(`cannot lock ${JSON.stringify(output)} (${messageOf(error)}): another pack may be writing there`, { output })
  })
  try {
    return await writeAll(output, plan, options)
  } catch (error) {
    if (signal.aborted) throw new CancelledError('packing was interrupted; the same command goes on with it')
    const { code } = error as NodeJS.ErrnoException
    if (error instanceof InvalidInputError || code === undefined) throw error
    throw new EnvironmentError(`cannot write shards to ${JSON.stringify(output)}: ${messageOf(error)}`, { output }, { cause: error })
  } finally {
    await release()
  }
}

const leftOut = ({ left }: PackPlan): string[] => left.map(({ path }) => path)

async function writeAll(output: string, plan: PackPlan, options: PackOptions): Promise<PackReport> {
  const { directory: source, onProgress, signal, log } = options
  const { done } = await claim(output, source, plan)
  const total = plan.shards.reduce((sum, { images }) => sum + images.length, 0)
  const [entries, unreadable]: [ShardEntry[], string[]] = [[], leftOut(plan)]
  let [images, reused] = [0, 0]
  const write = async (shard: PlannedShard): Promise<void> => {
    const missed: string[] = []
    const onUnreadable = (path: string, reason: string): void => {
      log(`left out ${JSON.stringify(path)}: ${reason}`)
      missed.push(path)
    }
    const entry = await writeShard(shard, { source, output, signal, onImage: () => onProgress(++images, total), onUnreadable })
    await appendFile(join(output, journalName), `${JSON.stringify({ ...entry, unreadable: missed })}\n`)
    entries.push(entry)
    unreadable.push(...missed)
  }
  for (const shard of plan.shards) {
    const earlier = done.find(({ file }) => file === `${shard.name}.tar`)
    if (earlier === undefined || !(await isWhole(output, earlier))) {
      await write(shard)
      continue
    }
    const { unreadable: missed, ...entry } = earlier
    entries.push(entry)
    unreadable.push(...missed)
    images += entry.images
    reused += 1
  }
  const index: ShardIndex = { format: 'nasoa-shards', version: 1, plan: plan.digest, classes: [...plan.classes], shards: entries }
  writeDurably(join(output, indexName), `${JSON.stringify(index, null, 1)}\n`)
  await rm(join(output, journalName))
  return reportOf(output, index, reused, unreadable)
}

function reportOf(output: string, { classes, shards }: ShardIndex, reused: number, unreadable: readonly string[]): PackReport {
  const count = (split: string): number => shards.filter((shard) => shard.split === split).reduce((sum, { images }) => sum + images, 0)
  const bytes = shards.reduce((sum, shard) => sum + shard.bytes, 0)
  return { output, classes: classes.length, shards: shards.length, images: { train: count('train'), val: count('val') }, bytes, reused, unreadable }
}
