import type { Leader, RunningTraining, SearchSnapshot } from '../../shared/cluster/search-snapshot.js'
import { formatDuration } from '../../shared/config/duration.js'

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

/** Share of the budget that is used up: the tighter of candidates and time. */
export function shareDone(snapshot: SearchSnapshot): number {
  const byTime = snapshot.timeLimitMs === null ? 0 : snapshot.elapsedMs / snapshot.timeLimitMs
  return Math.min(1, Math.max(snapshot.trained / snapshot.budget, byTime))
}

/** Estimate of what is left, milliseconds; null while there is nothing to judge by. */
export function timeLeftMs(snapshot: SearchSnapshot): number | null {
  const byTime = snapshot.timeLimitMs === null ? Infinity : Math.max(0, snapshot.timeLimitMs - snapshot.elapsedMs)
  const byCandidates = snapshot.trained === 0 ? Infinity : (snapshot.elapsedMs / snapshot.trained) * Math.max(0, snapshot.budget - snapshot.trained)
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

/** Results on each rung, by the epochs at its end. */
function rungWords(rungs: SearchSnapshot['rungs']): string {
  return rungs.map(({ epochs, results }) => `${results} after ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}`).join(', ')
}

function troubleLines(snapshot: SearchSnapshot): string[] {
  const counted = (counts: Readonly<Record<string, number>>): string[] =>
    Object.entries(counts)
      .filter(([, count]) => count > 0)
      .map(([kind, count]) => `${count} ${kind.replaceAll('_', ' ')}`)
  const unsuccessful = counted(snapshot.unsuccessful)
  const lost = counted(snapshot.lostAttempts)
  return [
    ...(unsuccessful.length > 0 ? [`  no result      ${unsuccessful.join(', ')}`] : []),
    ...(snapshot.refused > 0 ? [`  not trained    ${snapshot.refused} predicted to break a constraint on step time`] : []),
    ...(lost.length > 0 ? [`  retried        ${lost.join(', ')}`] : []),
    ...snapshot.warnings.map((warning) => `  warning        ${warning}`),
  ]
}

/** The live display for a terminal of `columns` columns: a few lines, repainted in place. */
export function renderProgress(snapshot: SearchSnapshot, columns: number): string {
  const left = timeLeftMs(snapshot)
  const limit = snapshot.timeLimitMs === null ? '' : ` of ${formatDuration(snapshot.timeLimitMs)}`
  const lines = [
    `${snapshot.name}  ${formatDuration(snapshot.elapsedMs)}${limit}${left === null ? '' : `, about ${formatDuration(left)} left`}`,
    `${bar(shareDone(snapshot), 30)} ${snapshot.trained} of ${snapshot.budget} candidates  front ${snapshot.frontSize}  hypervolume ${snapshot.hypervolume.toFixed(3)}`,
    ...(snapshot.mostAccurate ? [leaderLine('most accurate', snapshot.mostAccurate)] : []),
    ...(snapshot.fastest ? [leaderLine('fastest', snapshot.fastest)] : []),
    ...(snapshot.rungs.length > 0 ? [`  ${'rungs'.padEnd(14)} ${rungWords(snapshot.rungs)}`] : []),
    ...troubleLines(snapshot),
    `  ${snapshot.workers} workers, ${snapshot.runningTotal} trainings running, ${snapshot.queued} queued`,
    ...snapshot.running.slice(0, 16).map(runningLine),
  ]
  return lines.map((line) => cut(line, columns)).join('\n')
}

/** The same in one line, for logs and pipes. */
export function progressLine(snapshot: SearchSnapshot): string {
  const left = timeLeftMs(snapshot)
  const best = snapshot.mostAccurate ? `, best top-1 ${percent(snapshot.mostAccurate.top1)}` : ''
  const fastest = snapshot.fastest ? `, fastest ${snapshot.fastest.imagesPerSecond.toFixed(0)} images/s` : ''
  const trouble = troubleLines(snapshot).map((line) => `, ${line.trim().replace(/\s{2,}/, ': ')}`)
  return (
    `${formatDuration(snapshot.elapsedMs)}: ${snapshot.trained} of ${snapshot.budget} candidates, ${snapshot.runningTotal} running, front ${snapshot.frontSize}` +
    `${snapshot.rungs.length > 0 ? `, ${rungWords(snapshot.rungs)}` : ''}${best}${fastest}${trouble.join('')}${left === null ? '' : `, about ${formatDuration(left)} left`}`
  )
}
