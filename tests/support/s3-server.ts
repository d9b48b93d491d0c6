import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The one pair of credentials that the server accepts. */
export const s3Credentials = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' }

export const s3Bucket = 'checkpoints'

/** A server that speaks S3 and checks signatures, in a process of its own; with one bucket. */
export class S3Server {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    readonly port: number,
  ) {}

  static async start(): Promise<S3Server> {
    const folder = mkdtempSync(join(tmpdir(), 's3-test-'))
    const words = ['-d', folder, '-a', '127.0.0.1', '-p', '0', '--no-vhost-buckets', '--configure-bucket', s3Bucket]
    const child = spawn(process.execPath, ['-e', program, '--', 's3rver', ...words], { stdio: ['ignore', 'pipe', 'ignore'] })
    return new S3Server(child, folder, await portOf(child))
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Keys of all objects, with their contents. */
  objects(): ReadonlyMap<string, string> {
    return new Map(this.files().map((file) => [file.slice(0, -suffix.length), readFileSync(join(this.folder, s3Bucket, file), 'utf8')]))
  }

  /** Cuts off what lies behind so many bytes of every object, as nothing that S3 does would. */
  truncate(bytes: number): void {
    for (const file of this.files()) truncateSync(join(this.folder, s3Bucket, file), bytes)
  }

  async stop(): Promise<void> {
    const gone = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await gone
    rmSync(this.folder, { recursive: true, force: true })
  }

  private files(): string[] {
    return readdirSync(join(this.folder, s3Bucket), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith(suffix))
  }
}

const packagePath = (file: string): string => JSON.stringify(createRequire(import.meta.url).resolve(`@20minutes/s3rver/lib/${file}`))

/** It takes the path of a bucket for signed without its last slash, which clients send and sign. */
const program = `
  const v4 = require(${packagePath('signature/v4.js')})
  const sign = v4.getStringToSign
  v4.getStringToSign = (canonical, request) => sign({ ...canonical, uri: canonical.uri.replace(/^\\/[^/]+$/, '$&/') }, request)
  require(${packagePath('cli.js')}).parse(process.argv)
`

const suffix = '._S3rver_object'

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      const port = /listening on \S+:(\d+)/.exec(output)?.[1]
      if (port !== undefined) resolve(Number(port))
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the S3 server ended (${code}) before it served: ${output}`)))
  })
}
