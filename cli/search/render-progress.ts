import { formatDuration } from '../../shared/config/duration.js'

/** One training that is going on. */
export interface RunningTraining {
  readonly encoding: string
  readonly worker: string
  readonly epoch: number
  readonly epochs: number
  readonly top1: number | null
}

/** A candidate worth showing: the most accurate, or the fastest to train. */
export interface Leader {
  readonly encoding: string
  readonly top1: number
  readonly imagesPerSecond: number
}

/** What the progress display shows of a search at one moment. */
export interface ProgressView {
  readonly name: string
  readonly elapsedMs: number
  /** null = no time limit. */
  readonly timeLimitMs: number | null
  readonly trained: number
  readonly budget: number
  readonly queued: number
  readonly workers: number
  readonly running: readonly RunningTraining[]
  readonly frontSize: number
  readonly hypervolume: number
  readonly mostAccurate: Leader | null
  readonly fastest: Leader | null
  /** Candidates that ended without a measurement, by outcome. */
  readonly unsuccessful: Readonly<Record<string, number>>
  /** Attempts that machines or workers lost; they are retried. */
  readonly lostAttempts: number
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

/** Share of the budget that is used up: the tighter of candidates and time. */
export function shareDone(view: ProgressView): number {
  const byTime = view.timeLimitMs === null ? 0 : view.elapsedMs / view.timeLimitMs
  return Math.min(1, Math.max(view.trained / view.budget, byTime))
}

/** Estimate of what is left, milliseconds; null while there is nothing to judge by. */
export function timeLeftMs(view: ProgressView): number | null {
  const byTime = view.timeLimitMs === null ? Infinity : Math.max(0, view.timeLimitMs - view.elapsedMs)
  const byCandidates = view.trained === 0 ? Infinity : (view.elapsedMs / view.trained) * Math.max(0, view.budget - view.trained)
  const left = Math.min(byTime, byCandidates)
  return Number.isFinite(left) ? left : null
}

function bar(share: number, width: number): string {
  const full = Math.round(share * width)
  return `[${'#'.repeat(full)}${'.'.repeat(width - full)}]`
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`
}

function leaderLine(label: string, leader: Leader): string {
  return `  ${label.padEnd(14)} ${percent(leader.top1).padStart(7)} ${leader.imagesPerSecond.toFixed(0).padStart(7)} images/s  ${leader.encoding}`
}

function runningLine(training: RunningTraining): string {
  const top1 = training.top1 === null ? '' : `  top-1 ${percent(training.top1)}`
  return `  ${cut(training.worker, 14).padEnd(14)} epoch ${training.epoch}/${training.epochs}${top1}  ${training.encoding}`
}

function troubleLine(view: ProgressView): string[] {
  const kinds = Object.entries(view.unsuccessful).filter(([, count]) => count > 0)
  const words = kinds.map(([kind, count]) => `${count} ${kind.replaceAll('_', ' ')}`)
  if (view.lostAttempts > 0) words.push(`${view.lostAttempts} attempts lost and retried`)
  return words.length > 0 ? [`  no result      ${words.join(', ')}`] : []
}

/** The live display for a terminal of `columns` columns: a few lines, repainted in place. */
export function renderProgress(view: ProgressView, columns: number): string {
  const left = timeLeftMs(view)
  const limit = view.timeLimitMs === null ? '' : ` of ${formatDuration(view.timeLimitMs)}`
  const lines = [
    `${view.name}  ${formatDuration(view.elapsedMs)}${limit}${left === null ? '' : `, about ${formatDuration(left)} left`}`,
    `${bar(shareDone(view), 30)} ${view.trained} of ${view.budget} candidates  front ${view.frontSize}  hypervolume ${view.hypervolume.toFixed(3)}`,
    ...(view.mostAccurate ? [leaderLine('most accurate', view.mostAccurate)] : []),
    ...(view.fastest ? [leaderLine('fastest', view.fastest)] : []),
    ...troubleLine(view),
    `  ${view.workers} workers, ${view.running.length} trainings running, ${view.queued} queued`,
    ...view.running.slice(0, 16).map(runningLine),
  ]
  return lines.map((line) => cut(line, columns)).join('\n')
}

/** The same in one line, for logs and pipes. */
export function progressLine(view: ProgressView): string {
  const left = timeLeftMs(view)
  const best = view.mostAccurate ? `, best top-1 ${percent(view.mostAccurate.top1)}` : ''
  const fastest = view.fastest ? `, fastest ${view.fastest.imagesPerSecond.toFixed(0)} images/s` : ''
  const trouble = troubleLine(view).map((line) => `, ${line.trim().replace(/\s{2,}/, ': ')}`)
  return (
    `${formatDuration(view.elapsedMs)}: ${view.trained} of ${view.budget} candidates, ${view.running.length} running, front ${view.frontSize}` +
    `${best}${fastest}${trouble.join('')}${left === null ? '' : `, about ${formatDuration(left)} left`}`
  )
}
