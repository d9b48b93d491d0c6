import { createRng } from '../../shared/rng.js'
import { LoadWorker, type LoadTimes } from './load-worker.js'

/** What the parent asks of a load process. */
export interface LoadOrder {
  readonly address: string
  readonly name: string
  readonly workers: number
  readonly jobs: number
  /** Range of the trainings' length, milliseconds. */
  readonly jobMs: readonly [number, number]
}

/** What the workers of a process did, from the first to the last result. */
export interface LoadDone extends LoadTimes {
  readonly kind: 'done'
  readonly firstMs: number
  readonly lastMs: number
  /** Processor time of the process meanwhile, milliseconds. */
  readonly cpuMs: number
}

/** `ready` once all workers hold a job; then, after the parent's `go`, `done`. */
export type LoadReport = { readonly kind: 'ready' } | LoadDone

/** Workers that connect at a time: a fleet does not come up in one instant either. */
const connectingAtOnce = 50

async function prepare(order: LoadOrder): Promise<LoadWorker[]> {
  let left = order.jobs
  const rng = createRng([...order.name].reduce((sum, character) => sum * 31 + character.charCodeAt(0), 7) >>> 0)
  const [least, most] = order.jobMs
  const options = { address: order.address, jobMs: () => least + rng.float() * (most - least), takeTurn: () => left-- > 0 }
  const workers = Array.from({ length: order.workers }, (_, index) => new LoadWorker({ ...options, workerId: `${order.name}-${index}` }))
  for (let start = 0; start < workers.length; start += connectingAtOnce) {
    await Promise.all(workers.slice(start, start + connectingAtOnce).map((worker) => worker.begin()))
  }
  return workers
}

async function load(workers: readonly LoadWorker[]): Promise<LoadReport> {
  const cpuBefore = process.cpuUsage()
  const firstMs = performance.timeOrigin + performance.now()
  await Promise.all(workers.map((worker) => worker.work()))
  const lastMs = performance.timeOrigin + performance.now()
  const { user, system } = process.cpuUsage(cpuBefore)
  for (const worker of workers) worker.end()
  return { kind: 'done', firstMs, lastMs, cpuMs: (user + system) / 1000, idleMs: workers.flatMap(({ times }) => times.idleMs), dispatchMs: workers.flatMap(({ times }) => times.dispatchMs) }
}

function tell(report: LoadReport): Promise<void> {
  return new Promise((resolve) => process.send?.(report, undefined, undefined, () => resolve()))
}

process.once('message', (order: LoadOrder) => {
  void (async () => {
    const workers = await prepare(order)
    const go = new Promise((resolve) => process.once('message', resolve))
    await tell({ kind: 'ready' })
    await go
    await tell(await load(workers))
    process.disconnect()
  })().catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`)
    process.exit(1)
  })
})
