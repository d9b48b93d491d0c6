import { DeleteObjectCommand, GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client, paginateListObjectsV2, type S3ClientConfig } from '@aws-sdk/client-s3'
import { randomUUID } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { systemClock, type Clock } from '../clock.js'
import { CancelledError, EnvironmentError, InvalidInputError, NasoaError, messageOf } from '../errors.js'
import { retry } from '../rpc/retry.js'
import type { ArtifactStore } from './artifact-store.js'
import type { NewCheckpoint, StoredCheckpoint } from './checkpoint.js'
import { candidatePath, checkpointName, parseCheckpointName } from './checkpoint-path.js'
import { s3Failure } from './s3-error.js'
import { sha256OfFile } from '../sha256-of-file.js'
import { writeWhole } from './whole-file.js'

export interface S3Location {
  readonly bucket: string
  /** Without slashes at either end; empty = the bucket's root. */
  readonly prefix: string
}

export interface S3ArtifactsOptions {
  /** As the environment names them: AWS_REGION, AWS_ENDPOINT_URL_S3 and so on; the client reads credentials itself. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** How long something that is away is tried again, milliseconds. */
  readonly patienceMs?: number
  /** Silence of a connection after which it is given up, milliseconds. */
  readonly silenceMs?: number
  readonly clock?: Clock
  readonly random?: () => number
}

/** @throws InvalidInputError where the text is no `s3://bucket/prefix` */
export function parseS3Location(text: string): S3Location {
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([\w.-]+(?:\/[\w.-]+)*))?\/?$/.exec(text)
  const prefix = match?.[2] ?? ''
  if (match === null || prefix.split('/').some((part) => /^\.+$/.test(part)) || prefix.length > 500) {
    throw new InvalidInputError(`'${text}' is no place in S3: write s3://bucket/prefix, with letters, digits, dots, dashes and underscores`)
  }
  return { bucket: match[1], prefix }
}

/** A bucket of S3, or of a server that speaks its protocol. Objects are there whole or not at all, which S3 itself sees to. */
export class S3Artifacts implements ArtifactStore {
  private readonly client: S3Client
  private readonly clock: Clock
  private readonly random: () => number
  private readonly patienceMs: number

  constructor(
    private readonly location: S3Location,
    { env, patienceMs = 20_000, silenceMs = 30_000, clock = systemClock, random = Math.random }: S3ArtifactsOptions,
  ) {
    // It warns of Nodes that later versions of it will not run on, which package.json keeps away.
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
    this.client = new S3Client(clientConfig(env, silenceMs))
    this.clock = clock
    this.random = random
    this.patienceMs = patienceMs
  }

  get name(): string {
    const { bucket, prefix } = this.location
    return prefix === '' ? `s3://${bucket}` : `s3://${bucket}/${prefix}`
  }

  async probe(): Promise<void> {
    const object = this.object(`.probe-${randomUUID()}`)
    await this.once(`write to ${this.name}`, async () => {
      await this.client.send(new PutObjectCommand({ ...object, Body: 'probe' }))
      const keys: (string | undefined)[] = []
      for await (const { Contents = [] } of this.pages(object.Key)) keys.push(...Contents.map(({ Key }) => Key))
      await this.client.send(new DeleteObjectCommand(object))
      if (!keys.includes(object.Key)) throw new EnvironmentError(`what is written to ${this.name} is not there afterwards: does the endpoint speak S3?`)
    })
  }

  async put(checkpoint: NewCheckpoint, file: string): Promise<void> {
    const folder = candidatePath(checkpoint.searchId, checkpoint.candidate)
    const { sha256, bytes } = await factsOf(file)
    const object = this.object(`${folder}/${checkpointName(checkpoint, sha256)}`)
    await this.patiently(`keep a checkpoint in ${this.name}`, async () => {
      const Body = (await open(file)).createReadStream()
      const unread = new Promise<never>((_, reject) => Body.once('error', reject))
      unread.catch(() => undefined)
      try {
        // S3 refuses what does not arrive with this hash.
        const ChecksumSHA256 = Buffer.from(sha256, 'hex').toString('base64')
        await Promise.race([unread, this.client.send(new PutObjectCommand({ ...object, Body, ContentLength: bytes, ChecksumSHA256 }))])
      } finally {
        Body.destroy()
      }
    })
  }

  async get(checkpoint: StoredCheckpoint, file: string): Promise<boolean> {
    const object = this.object(pathOf(checkpoint))
    return this.patiently(`read ${this.name}/${pathOf(checkpoint)}`, async () => {
      try {
        await writeWhole(async () => (await this.client.send(new GetObjectCommand(object))).Body as Readable, file, checkpoint.sha256)
        return true
      } catch (error) {
        if (error instanceof NoSuchKey) return false
        throw error
      }
    })
  }

  async list(searchId: string, candidate: number): Promise<StoredCheckpoint[]> {
    const folder = `${candidatePath(searchId, candidate)}/`
    return this.patiently(`list ${this.name}/${folder}`, async () => {
      const found: StoredCheckpoint[] = []
      const { Key: prefix } = this.object(folder)
      for await (const { Contents = [] } of this.pages(prefix)) {
        for (const { Key = '', Size: bytes = 0 } of Contents) {
          const parsed = parseCheckpointName(Key.slice(prefix.length))
          if (parsed !== null) found.push({ searchId, candidate, ...parsed, bytes })
        }
      }
      return found.sort((a, b) => a.epoch - b.epoch)
    })
  }

  async delete(checkpoint: StoredCheckpoint): Promise<void> {
    const object = this.object(pathOf(checkpoint))
    await this.patiently(`delete ${this.name}/${pathOf(checkpoint)}`, () => this.client.send(new DeleteObjectCommand(object)))
  }

  async deleteCandidate(searchId: string, candidate: number): Promise<void> {
    for (const checkpoint of await this.list(searchId, candidate)) await this.delete(checkpoint)
  }

  private pages(prefix: string): ReturnType<typeof paginateListObjectsV2> {
    return paginateListObjectsV2({ client: this.client }, { Bucket: this.location.bucket, Prefix: prefix })
  }

  private object(path: string): { readonly Bucket: string; readonly Key: string } {
    const { bucket, prefix } = this.location
    return { Bucket: bucket, Key: prefix === '' ? path : `${prefix}/${path}` }
  }

  /** Tries again while S3 is away, for a while: a moment's absence must cost no epochs. */
  private async patiently<T>(what: string, act: () => Promise<T>): Promise<T> {
    let last: unknown
    const giveUp = new AbortController()
    const timer = this.clock.after(this.patienceMs, () => giveUp.abort())
    try {
      return await retry(() => this.once(what, act), { clock: this.clock, random: this.random, signal: giveUp.signal, onRetry: (error) => (last = error) })
    } catch (error) {
      throw error instanceof CancelledError ? last : error
    } finally {
      timer.cancel()
    }
  }

  private async once<T>(what: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act()
    } catch (error) {
      throw error instanceof NasoaError ? error : s3Failure(error, what)
    }
  }
}

function clientConfig(env: S3ArtifactsOptions['env'], silenceMs: number): S3ClientConfig {
  const endpoint = env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL
  // The client knows AWS_REGION and profiles; AWS_DEFAULT_REGION is what the other tools read. Other servers need no region.
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? (endpoint === undefined ? undefined : 'us-east-1')
  return {
    ...(region === undefined ? {} : { region }),
    // Buckets of other servers are rarely names of hosts.
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    // It would write to the console what its errors say as well.
    logger: { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore },
    // A stream cannot be sent twice, so what is tried again is tried here, with a new one.
    maxAttempts: 1,
    // Hashes are given and checked here; what the client would add, older servers do not understand.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: Math.min(5_000, silenceMs), socketTimeout: silenceMs },
  }
}

function ignore(): void {
  // Nothing to do.
}

function pathOf(checkpoint: StoredCheckpoint): string {
  return `${candidatePath(checkpoint.searchId, checkpoint.candidate)}/${checkpointName(checkpoint, checkpoint.sha256)}`
}

async function factsOf(file: string): Promise<{ readonly sha256: string; readonly bytes: number }> {
  try {
    return { sha256: await sha256OfFile(file), bytes: (await stat(file)).size }
  } catch (error) {
    throw new EnvironmentError(`cannot read the checkpoint ${file}: ${messageOf(error)}`, {}, { cause: error })
  }
}
