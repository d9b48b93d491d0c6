import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { builtModule } from '../../shared/package-root.js'

/** Figures of a coordinator. */
export interface CoordinatorFigures {
  /** Resident memory, MiB. */
  readonly residentMb: number
  /** Processor time since its start, milliseconds. */
  readonly cpuMs: number
  /** How late its event loop was. */
  readonly eventLoopLagMs: { readonly p50: number; readonly p99: number; readonly most: number }
}

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

  /** What it says of itself at its metrics page. The event loop's lag is that since the last look. */
  async metrics(): Promise<CoordinatorFigures> {
    const page = await (await fetch(`http://${this.metricsAddress}/metrics`)).text()
    const value = (name: string): number => Number(page.split('\n').find((line) => line.startsWith(`${name} `))?.split(' ')[1])
    const lagMs = (quantile: string): number => value(`nasoa_event_loop_lag_seconds{quantile="${quantile}"}`) * 1000
    return {
      residentMb: value('nasoa_resident_memory_bytes') / 2 ** 20,
      cpuMs: value('nasoa_cpu_seconds') * 1000,
      eventLoopLagMs: { p50: lagMs('0.5'), p99: lagMs('0.99'), most: lagMs('1') },
    }
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
