import type { RunningTraining, SearchSnapshot } from '../../shared/cluster/search-snapshot.js'
import type { HeldJob } from '../jobs/job.js'
import { warmStartReport } from '../warm-start/warm-start-report.js'
import type { WarmStart } from '../warm-start/warm-start.js'
import type { WorkerRegistry, WorkerSession } from '../workers/worker-registry.js'
import type { Climb } from './climb.js'
import type { SearchRun } from './search-run.js'
import type { SearchStatistics } from './statistics.js'
import type { SearchConfig } from '../../shared/config/search-config.js'

/** Trainings that a snapshot lists. */
const mostListed = 256

export interface SnapshotSources {
  readonly config: SearchConfig
  readonly run: SearchRun
  readonly statistics: SearchStatistics
  readonly climb: Climb
  readonly warmStart: WarmStart | null
  readonly workers: WorkerRegistry
  readonly nowMs: number
}

export function snapshotOf({ config, run, statistics, climb, warmStart, workers, nowMs }: SnapshotSources): SearchSnapshot {
  const held = run.jobs.held().sort((a, b) => a.state.sinceMs - b.state.sinceMs)
  return {
    name: config.name,
    status: run.status,
    statusReason: run.statusReason,
    elapsedMs: run.elapsedMs,
    timeLimitMs: config.search.timeLimit ?? null,
    trained: statistics.trained,
    budget: config.search.candidates,
    queued: run.jobs.queued,
    workers: workers.list().length,
    slots: workers.slots,
    running: held.slice(0, mostListed).map((job) => runningOf(job, run, workers, config.training.epochs, nowMs)),
    runningTotal: held.length,
    frontSize: statistics.frontSize,
    hypervolume: statistics.hypervolume(),
    mostAccurate: statistics.mostAccurate,
    fastest: statistics.fastest,
    unsuccessful: { ...statistics.unsuccessful },
    lostAttempts: { ...run.lostAttempts },
    rungs: config.rungs === undefined ? [] : climb.counts,
    warnings: [...warmStartLines(warmStart, run), ...warningsOf(statistics, workers, run, nowMs)],
    refused: run.admission?.refused ?? 0,
  }
}

function runningOf(job: HeldJob, run: SearchRun, workers: WorkerRegistry, epochs: number, nowMs: number): RunningTraining {
  const progress = run.progress.of({ jobId: job.id, token: job.attempt })
  return {
    jobId: job.id,
    token: job.attempt,
    encoding: job.encoding,
    worker: workers.nameOf(job.state.workerId),
    epoch: progress?.epoch ?? 0,
    epochs: progress?.epochs ?? epochs,
    top1: progress?.top1 ?? null,
    loss: progress?.loss ?? null,
    runningMs: Math.max(0, nowMs - job.state.sinceMs),
  }
}

function warmStartLines(warmStart: WarmStart | null, run: SearchRun): string[] {
  return warmStart === null ? [] : warmStartReport(warmStart, run.takenOver)
}

/** Proposals in a row in whose stead nothing was found that is predicted to keep to the constraints. */
const manyConceded = 3

/** Workers need a moment to connect, or to come back to a coordinator that was started anew. */
const emptyGraceMs = 15_000

function warningsOf({ deviceClasses }: SearchStatistics, workers: WorkerRegistry, run: SearchRun, nowMs: number): string[] {
  const warnings: string[] = []
  if (deviceClasses.size > 1) {
    warnings.push(`throughput was measured on ${deviceClasses.size} kinds of device (${[...deviceClasses].join('; ')}): those figures are not comparable`)
  }
  if (run.trouble !== null) warnings.push(run.trouble)
  if (run.status === 'running' && (run.admission?.concededInARow ?? 0) >= manyConceded) {
    warnings.push('hardly any network is predicted to keep to the constraint on step time or throughput: those nearest to it are trained; loosen it, or widen the space')
  }
  if (run.status === 'running' && workers.emptyMs(nowMs) >= emptyGraceMs) {
    warnings.push('no worker is connected: start some with `nasoa worker --coordinator HOST:PORT`')
  }
  warnings.push(...labelWarning(workers.list()))
  return [...warnings, ...workers.list().flatMap((session) => cordonWarning(session, workers)).slice(0, mostCordons)]
}

function labelWarning(sessions: readonly WorkerSession[]): string[] {
  const unsuited = sessions.filter(({ lacks }) => lacks.length > 0)
  if (unsuited.length === 0) return []
  const [{ worker, lacks }] = unsuited
  return [`${unsuited.length} of ${sessions.length} workers get no jobs, such as ${worker.name}: \`jobs.requires\` asks for the labels ${lacks.join(', ')}, which it lacks`]
}

/** Warnings about cordoned workers that a snapshot lists. */
const mostCordons = 8

function cordonWarning({ worker: { workerId, name } }: WorkerSession, workers: WorkerRegistry): string[] {
  const reason = workers.cordonOf(workerId)
  return reason === null ? [] : [`worker ${name} is cordoned (${reason}); once it is mended: nasoa workers uncordon ${name} --coordinator HOST:PORT`]
}
