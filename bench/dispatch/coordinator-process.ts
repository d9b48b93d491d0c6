import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { builtModule } from '../../shared/package-root.js'

/** `nasoa coordinator` in a process of its own, as users run it. */
export class CoordinatorProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly address: string,
    private readonly metricsAddress: string,
    /** From its start to serving, milliseconds. */
    readonly startMs: number,
  ) {}

  static async start(configFile: string, directory: string): Promise<CoordinatorProcess> {
    const words = ['coordinator', '--config', configFile, '--output', directory, '--listen', '127.0.0.1:0', '--metrics', '127.0.0.1:0', '--json']
    const started = performance.now()
    const child = spawn(process.execPath, [builtModule('cli/main'), ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
    const complaints: string[] = []
    createInterface({ input: child.stderr }).on('line', (line) => complaints.splice(0, complaints.length - 20, line))
    const line = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', resolve)
      child.once('exit', (code) => reject(new Error(`the coordinator ended (${code}): ${complaints.join(' | ')}`)))
    })
    const { address, metricsAddress, error } = JSON.parse(line) as { address: string; metricsAddress: string; error?: { message: string } }
    if (error) throw new Error(`the coordinator does not start: ${error.message}`)
    return new CoordinatorProcess(child, address, metricsAddress, performance.now() - started)
  }

  /** Resident memory, MiB. */
  async residentMb(): Promise<number> {
    const page = await (await fetch(`http://${this.metricsAddress}/metrics`)).text()
    const bytes = /^nasoa_resident_memory_bytes (\S+)$/m.exec(page)?.[1]
    return Number(bytes) / 2 ** 20
  }

  /** Without any chance to put things in order. */
  async kill(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve))
    this.child.removeAllListeners('exit')
    this.child.once('exit', () => undefined)
    this.child.kill('SIGKILL')
    await Promise.race([ended, new Promise((resolve) => this.child.once('close', resolve))])
  }
}
