import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { S3Artifacts, parseS3Location, type S3ArtifactsOptions } from '../../shared/artifacts/s3-artifacts.js'
import { EnvironmentError, InvalidInputError, UnavailableError } from '../../shared/errors.js'
import { temporaryFolder } from '../cluster/test-search.js'
import { FaultProxy } from '../support/fault-proxy.js'
import { Program } from '../support/program.js'
import { S3Server, s3Bucket, s3Credentials } from '../support/s3-server.js'
import { artifactContract } from './contract.js'

let server: S3Server
let stores = 0

beforeAll(async () => {
  server = await S3Server.start()
  setCredentials()
})
afterAll(() => server.stop())
afterEach(() => {
  vi.unstubAllEnvs()
  setCredentials()
})

function setCredentials(changes: Record<string, string | undefined> = {}): void {
  // Without credentials of its own the client would ask the machine's network for some.
  for (const [name, value] of Object.entries({ ...s3Credentials, AWS_EC2_METADATA_DISABLED: 'true', AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null', ...changes })) vi.stubEnv(name, value)
}

/** Each has a prefix of its own. */
function open(changes: Partial<S3ArtifactsOptions> & { readonly url?: string; readonly bucket?: string } = {}): S3Artifacts {
  const { url = server.url, bucket = s3Bucket, ...others } = changes
  return new S3Artifacts({ bucket, prefix: `some/prefix-${++stores}` }, { env: { AWS_ENDPOINT_URL_S3: url }, ...others })
}

const reference = { searchId: 'a-search', candidate: 1, epoch: 1, top1: 0.5 }

function fileOf(text: string): string {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, text)
  return file
}

artifactContract('artifacts in S3', () => ({ store: open(), truncate: (bytes) => server.truncate(bytes) }))

test('keys are what an operator sees in a listing', async () => {
  const store = open()
  await store.put({ ...reference, candidate: 42, epoch: 3, top1: 0.625 }, fileOf('text'))
  const prefix = `${store.name.replace(`s3://${s3Bucket}/`, '')}/a-search/42/`
  expect([...server.objects()].filter(([key]) => key.startsWith(prefix)).map(([key, text]) => [key.slice(prefix.length), text])).toEqual([
    ['0003_0.625000000_982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1.safetensors', 'text'],
  ])
})

test('a location is a bucket and a prefix, and cannot lead out of it', () => {
  expect(['s3://my-bucket', 's3://my-bucket/', 's3://b.c.d/some/pre_fix-1/'].map(parseS3Location)).toEqual([
    { bucket: 'my-bucket', prefix: '' },
    { bucket: 'my-bucket', prefix: '' },
    { bucket: 'b.c.d', prefix: 'some/pre_fix-1' },
  ])
  for (const wrong of ['s3://', 's3:///x', 's3://UPPER', 's3://bucket/../x', 's3://bucket/a//b', 's3://bucket/a?b', 's3://user:secret@bucket', 'gs://bucket', 's3://bucket/.']) {
    expect(() => parseS3Location(wrong), wrong).toThrow(InvalidInputError)
  }
})

describe('a network that fails for a while', () => {
  let proxy: FaultProxy
  beforeAll(async () => (proxy = await FaultProxy.open({ host: '127.0.0.1', port: server.port })))
  afterAll(() => proxy.close())
  afterEach(() => proxy.heal())
  const behindProxy = (changes: Partial<S3ArtifactsOptions> = {}): S3Artifacts => open({ url: `http://${proxy.address}`, ...changes })
  /** Resolves at the first retry that the store waits for. */
  const failing = () => {
    let failed = (): void => undefined
    const once = new Promise<void>((resolve) => (failed = resolve))
    return { once, random: () => (failed(), 0) }
  }

  test('costs no checkpoint that is to be kept', async () => {
    const { once, random } = failing()
    const store = behindProxy({ random })
    proxy.refuse()
    const kept = store.put(reference, fileOf('kept'))
    await once
    proxy.heal()
    await kept
    expect((await store.list('a-search', 1)).length).toBe(1)
  })

  test('costs no checkpoint that is read, wherever the connection breaks', async () => {
    const { once, random } = failing()
    const store = behindProxy({ random })
    await store.put(reference, fileOf('z'.repeat(1_000_000)))
    const [stored] = await store.list('a-search', 1)
    const copy = join(temporaryFolder(), 'copy')
    proxy.hold('down')
    const read = store.get(stored, copy)
    await vi.waitFor(() => expect(proxy.heldBytes).toBeGreaterThan(0), { interval: 5 })
    proxy.cut()
    await once
    proxy.heal()
    expect([await read, readFileSync(copy).length]).toEqual([true, 1_000_000])
  })

  test('that stays silent is given up, with an error that says so', async () => {
    const store = behindProxy({ silenceMs: 100, patienceMs: 300 })
    proxy.hold('up', 'down')
    await expect(store.list('a-search', 1)).rejects.toThrow(UnavailableError)
    await expect(store.put(reference, fileOf('x'.repeat(100_000)))).rejects.toThrow(UnavailableError)
  })

  test('is not waited out by a probe', async () => {
    proxy.refuse()
    await expect(behindProxy().probe()).rejects.toThrow(UnavailableError)
  })
})

describe('what waiting does not mend is said at once, in one line with a remedy', () => {
  const refusals: readonly (readonly [string, () => S3Artifacts, RegExp])[] = [
    ['a wrong secret', () => (setCredentials({ AWS_SECRET_ACCESS_KEY: 'wrong' }), open()), /credentials are wrong.*AWS_SECRET_ACCESS_KEY.*SignatureDoesNotMatch/],
    ['an unknown key', () => (setCredentials({ AWS_ACCESS_KEY_ID: 'nobody' }), open()), /credentials are wrong.*AWS_ACCESS_KEY_ID.*InvalidAccessKeyId/],
    ['no credentials', () => (setCredentials({ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined }), open()), /no credentials: set AWS_ACCESS_KEY_ID/],
    ['no such bucket', () => open({ bucket: 'another-bucket' }), /no such bucket.*NoSuchBucket/],
  ]
  test.each(refusals)('%s', async (_what, make, message) => {
    const store = make()
    for (const act of [() => store.probe(), () => store.list('a-search', 1), () => store.put(reference, fileOf('x'))]) {
      const error: unknown = await act().then(() => null, (reason: unknown) => reason)
      expect(error).toBeInstanceOf(EnvironmentError)
      expect((error as Error).message).toMatch(message)
      expect((error as Error).message).not.toMatch(/\n/)
    }
  })

  test('a server that is not S3', async () => {
    const { createServer } = await import('node:http')
    const web = createServer((request, response) => void request.resume().on('end', () => response.end('<html>welcome</html>')))
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    const store = open({ url: `http://127.0.0.1:${(web.address() as { port: number }).port}` })
    await expect(store.probe()).rejects.toThrow(/does the endpoint speak S3/)
    await new Promise((resolve) => web.close(resolve).closeAllConnections())
  })
})

test('a worker whose credentials are wrong ends with one line', async () => {
  setCredentials({ AWS_SECRET_ACCESS_KEY: 'wrong', AWS_ENDPOINT_URL_S3: server.url })
  const { code, stderr } = await new Program(['worker', '--coordinator', '127.0.0.1:9', '--work', temporaryFolder(), '--artifacts', `s3://${s3Bucket}/x`]).end()
  expect([code, stderr.trim().split('\n').length]).toEqual([1, 1])
  expect(stderr).toMatch(/credentials are wrong/)
})
