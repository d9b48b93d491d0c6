import { formatDuration } from '../../shared/config/duration.js'
import type { ClassReport, SimulationReport } from '../../simulator/simulation-report.js'

const millisecondsPerHour = 3_600_000
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`
const hours = (value: number): string => value.toFixed(value < 100 ? 1 : 0)

/** What a simulation says to people. */
export function simulationTable(report: SimulationReport, wallSeconds: number): string {
  return [...headLines(report), '', ...classLines(report), '', ...resultLines(report), '', ...report.warnings.map((line) => `note     ${line}`), tail(report, wallSeconds)].join('\n')
}

function headLines({ virtualHours, candidates, candidatesPerHour, slotHours, utilisation, status, statusReason, running, queued }: SimulationReport): string[] {
  const state = status === 'running' ? `still searching; ${running} trainings under way, ${queued} queued` : `${status}: ${statusReason}`
  return [
    `time     ${formatDuration(virtualHours * millisecondsPerHour)} (${state})`,
    `trained  ${candidates} candidates, ${candidatesPerHour.toFixed(1)} an hour`,
    `GPUs     ${hours(slotHours.alive)} hours, ${percent(utilisation)} of them on trainings that count`,
  ]
}

function classLines({ classes, slotHours, utilisation }: SimulationReport): string[] {
  const all = { name: 'all', slots: classes.reduce((sum, { slots }) => sum + slots, 0), slotHours, utilisation }
  const rows = [['class', 'slots', 'hours', 'useful', 'lost', 'idle', 'utilisation'], ...[...classes, all].map(cellsOf)]
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  '))
}

function cellsOf({ name, slots, slotHours: { alive, useful, lost, idle }, utilisation }: ClassReport): string[] {
  return [name, String(slots), hours(alive), hours(useful), hours(lost), hours(idle), percent(utilisation)]
}

function resultLines({ hypervolume, frontSize, mostAccurate, fastest, unsuccessful, lostAttempts, absences }: SimulationReport): string[] {
  const leader = (what: string, found: SimulationReport['fastest']): string[] =>
    found === null ? [] : [`${what} ${found.encoding}  top-1 ${percent(found.top1)}, ${found.imagesPerSecond.toFixed(0)} images/s`]
  return [
    `front    ${frontSize} networks, hypervolume ${hypervolume.toFixed(4)}`,
    ...leader('best    ', mostAccurate),
    ...leader('fastest ', fastest),
    `failed   ${counts(unsuccessful) || 'no candidate'}`,
    `lost     ${counts(lostAttempts) || 'no attempt'}; workers: ${counts(absences)}`,
  ]
}

function counts(numbers: Readonly<Record<string, number>>): string {
  return Object.entries(numbers).map(([name, count]) => `${count} ${name.replaceAll('_', ' ')}`).join(', ')
}

function tail({ seed, digest }: SimulationReport, wallSeconds: number): string {
  return `seed     ${seed}, digest ${digest.slice(0, 16)}, simulated in ${wallSeconds.toFixed(1)} s`
}
