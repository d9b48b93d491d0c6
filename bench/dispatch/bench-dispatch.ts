import { fork, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { builtModule } from '../../shared/package-root.js'
import { searchConfigSchema } from '../../shared/config/search-config.js'
import { quantile } from '../../shared/quantile.js'
import { CoordinatorProcess, type CoordinatorFigures } from './coordinator-process.js'
import { dispatchSearch } from './dispatch-search.js'
import { writeHistory } from './history.js'
import type { LoadDone, LoadOrder, LoadReport } from './load-process.js'
import { medianSyncMs } from './sync-time.js'

export interface BenchDispatchOptions {
  /** Connections, each with one slot. */
  readonly workers: number
  /** Results to be delivered. */
  readonly jobs: number
  /** Finished jobs that are in the store before. */
  readonly history: number
  /** Range of the trainings' length, milliseconds. */
  readonly jobMs: readonly [number, number]
  /** Parent of the store's folder; decides which disk is measured. */
  readonly directory: string
  readonly say: (line: string) => void
}

export interface BenchDispatchResult {
  readonly workers: number
  readonly jobs: number
  readonly history: number
  readonly jobsPerSecond: number
  readonly idleMs: { readonly p50: number; readonly p99: number }
  readonly dispatchMs: { readonly p50: number; readonly p99: number }
  /** Resident memory of the coordinator at the end, MiB. */
  readonly rssMb: number
  /** From the start of a coordinator to serving, with all that is then in the store. */
  readonly restartMs: number
  /** Median of a 4 KiB write and sync on the same disk, measured at the same time. */
  readonly syncMs: number
  /** Processor time a job, of the coordinator and of all workers together: depends less than a rate on what else the machine does. */
  readonly cpuMsPerJob: { readonly coordinator: number; readonly workers: number }
  /** How late the coordinator's event loop was under the load. */
  readonly eventLoopLagMs: CoordinatorFigures['eventLoopLagMs']
}

/** Load processes; the coordinator has a core of its own beside them. */
const mostProcesses = 2

/** Measures how fast a coordinator in a process of its own hands out jobs and takes results, over real connections, durably. */
export async function benchDispatch(options: BenchDispatchOptions): Promise<BenchDispatchResult> {
  const folder = mkdtempSync(join(options.directory, 'nasoa-bench-'))
  try {
    return await measure(options, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure(options: BenchDispatchOptions, folder: string): Promise<BenchDispatchResult> {
  const { workers, jobs, history, say } = options
  const written = dispatchSearch(history + jobs + 10 * workers + 100_000)
  const configFile = join(folder, 'config.yaml')
  const directory = join(folder, 'search')
  writeFileSync(configFile, JSON.stringify(written))
  if (history > 0) say(`writing ${history} finished jobs into the store`)
  await writeHistory(directory, searchConfigSchema.parse(written), history)
  const syncBefore = medianSyncMs(folder)
  const coordinator = await CoordinatorProcess.start(configFile, directory)
  say(`${workers} workers connect`)
  const { reports, before, after } = await runLoad(options, coordinator)
  await coordinator.kill()
  const syncMs = (syncBefore + medianSyncMs(folder)) / 2
  const again = await CoordinatorProcess.start(configFile, directory)
  await again.kill()
  const { p50, p99, most } = after.eventLoopLagMs
  return {
    workers,
    jobs,
    history,
    ...figures(reports, jobs),
    rssMb: round(after.residentMb, 1),
    restartMs: round(again.startMs, 0),
    syncMs: round(syncMs, 3),
    cpuMsPerJob: {
      coordinator: round((after.cpuMs - before.cpuMs) / jobs, 3),
      workers: round(reports.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / jobs, 3),
    },
    eventLoopLagMs: { p50: round(p50, 2), p99: round(p99, 2), most: round(most, 2) },
  }
}

interface Load {
  readonly reports: readonly LoadDone[]
  readonly before: CoordinatorFigures
  readonly after: CoordinatorFigures
}

async function runLoad({ workers, jobs, jobMs, say }: BenchDispatchOptions, coordinator: CoordinatorProcess): Promise<Load> {
  const count = Math.min(mostProcesses, workers)
  const share = (total: number, index: number): number => Math.floor(total / count) + (index < total % count ? 1 : 0)
  const children = Array.from({ length: count }, (_, index) => {
    return start({ address: coordinator.address, name: `load-${index}`, workers: share(workers, index), jobs: share(jobs, index), jobMs })
  })
  await Promise.all(children.map((child) => report(child)))
  const before = await coordinator.metrics()
  say(`${jobs} results are delivered`)
  const done = children.map((child) => report(child))
  for (const child of children) child.send('go')
  const reports = (await Promise.all(done)).filter((each) => each.kind === 'done')
  return { reports, before, after: await coordinator.metrics() }
}

function start(order: LoadOrder): ChildProcess {
  const child = fork(builtModule('bench/dispatch/load-process'), [], { serialization: 'advanced', execArgv: [] })
  child.send(order)
  return child
}

function report(child: ChildProcess): Promise<LoadReport> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve)
    // Not `exit`, which may come before the last message is read.
    child.once('disconnect', () => reject(new Error('a load process ended without a report')))
  })
}

function figures(reports: readonly LoadDone[], jobs: number): Pick<BenchDispatchResult, 'jobsPerSecond' | 'idleMs' | 'dispatchMs'> {
  const first = Math.min(...reports.map(({ firstMs }) => firstMs))
  const last = Math.max(...reports.map(({ lastMs }) => lastMs))
  const spread = (values: readonly number[]) => ({ p50: round(quantile(values, 0.5), 2), p99: round(quantile(values, 0.99), 2) })
  return {
    jobsPerSecond: round((jobs / (last - first)) * 1000, 1),
    idleMs: spread(reports.flatMap(({ idleMs }) => idleMs)),
    dispatchMs: spread(reports.flatMap(({ dispatchMs }) => dispatchMs)),
  }
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
