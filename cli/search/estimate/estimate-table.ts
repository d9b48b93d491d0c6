import { formatDuration } from '../../../shared/config/duration.js'
import { plural } from '../../../shared/plural.js'
import type { Estimate } from '../../../coordinator/step-time/search-hours.js'
import type { DeviceEstimate, PartEstimate } from './estimate-search.js'

/** What an estimate says to people. */
export function estimateTable(estimates: readonly DeviceEstimate[], slots: number): string {
  return estimates.map((estimate) => deviceLines(estimate, slots).join('\n')).join('\n\n')
}

function deviceLines(estimate: DeviceEstimate, slots: number): string[] {
  const { deviceClass, precision, timed, trainings, slotHours, wallHours, overheadSeconds, slowdown, timeLimit } = estimate
  const learnt = timed.trainings === 0 ? 'no whole training' : `${timed.trainings} whole trainings`
  return [
    `${deviceClass}, ${precision} (${timed.steps} steps and ${learnt} timed)`,
    `  trainings   ${trainings}, each ${overheadSeconds.toFixed(1)} s and ${slowdown.toFixed(2)} times its steps`,
    `  GPU hours   ${hours(slotHours)}`,
    `  wall hours  ${hours(wallHours)} with ${plural(slots, 'slot')}`,
    ...estimate.phases.map(({ name, ...part }) => `  phase       ${name}: ${partLine(part)}`),
    ...(estimate.rungs.length < 2 ? [] : estimate.rungs.map(({ epochs, resolution, ...part }) => `  rung        ${epochs} epochs at ${resolution} pixels: ${partLine(part)}`)),
    ...(timeLimit === null || timeLimit.trainings >= trainings ? [] : [`  note        the time limit of ${formatDuration(timeLimit.hours * 3_600_000)} ends it after about ${timeLimit.trainings} trainings`]),
  ]
}

const partLine = ({ trainings, slotHours }: PartEstimate): string => `${trainings} trainings, ${hours(slotHours)} GPU hours`

function hours({ expected, low, high }: Estimate): string {
  return `${figure(expected)} (${figure(low)} to ${figure(high)})`
}

const figure = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3))
