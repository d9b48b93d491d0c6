import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { etcdBinary } from './etcd-binary.js'
import { freePorts } from './free-port.js'

/** PEM files of a server that asks its clients for a certificate. */
export interface EtcdTlsFiles {
  readonly ca: string
  readonly certificate: string
  readonly key: string
}

/** A real etcd server on the loopback that a test can kill, freeze and start again with the data it has. */
export class EtcdServer {
  private child: ChildProcess | null = null

  private constructor(
    private readonly binary: string,
    private readonly folder: string,
    private readonly clientPort: number,
    private readonly peerPort: number,
    private readonly tls: EtcdTlsFiles | null,
  ) {}

  static async start(tls: EtcdTlsFiles | null = null): Promise<EtcdServer> {
    const [clientPort, peerPort] = await freePorts(2)
    const server = new EtcdServer(await etcdBinary(), mkdtempSync(join(tmpdir(), 'etcd-test-')), clientPort, peerPort, tls)
    await server.restart()
    return server
  }

  get url(): string {
    return `${this.tls ? 'https' : 'http'}://127.0.0.1:${this.clientPort}`
  }

  /** Serves again, after `kill`. */
  async restart(): Promise<void> {
    const peer = `http://127.0.0.1:${this.peerPort}`
    const options = {
      name: 'test',
      'data-dir': this.folder,
      'listen-client-urls': this.url,
      'advertise-client-urls': this.url,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': `test=${peer}`,
      'heartbeat-interval': '50',
      'election-timeout': '500',
      ...(this.tls && { 'client-cert-auth': 'true', 'trusted-ca-file': this.tls.ca, 'cert-file': this.tls.certificate, 'key-file': this.tls.key }),
    }
    const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`)
    this.child = spawn(this.binary, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env.PATH, ETCD_UNSUPPORTED_ARCH: process.arch } })
    await serving(this.child)
  }

  /** kill -9. */
  async kill(): Promise<void> {
    const child = this.child
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  /** Serves again if a test that failed left it dead or frozen. */
  async ensureServing(): Promise<void> {
    this.thaw()
    if (this.child === null || this.child.exitCode !== null || this.child.signalCode !== null) await this.restart()
  }

  /** Connections stay open, nothing answers. */
  freeze(): void {
    this.child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.child?.kill('SIGCONT')
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Resolves when the server says that it takes clients. */
function serving(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-20_000)
      if (output.includes('ready to serve client requests')) resolve()
    })
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`etcd ended before it served: ${output.slice(-2_000)}`)))
  })
}
