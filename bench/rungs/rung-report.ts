import type { RungComparison } from './bench-rungs.js'

export interface RungSummary {
  /** Means over the seeds. */
  readonly hypervolume: { readonly whole: number; readonly rungs: number }
  /** Training seconds of the rungs over those of the whole trainings, all seeds together. */
  readonly secondsShare: number
  readonly macsShare: number
  /** Seeds in which the rungs reached the whole trainings' hypervolume. */
  readonly reached: number
}

export function summaryOf(rows: readonly RungComparison[]): RungSummary {
  const sum = (value: (row: RungComparison) => number): number => rows.reduce((total, row) => total + value(row), 0)
  return {
    hypervolume: { whole: sum(({ whole }) => whole.hypervolume) / rows.length, rungs: sum(({ rungs }) => rungs.hypervolume) / rows.length },
    secondsShare: sum(({ rungs }) => rungs.seconds) / sum(({ whole }) => whole.seconds),
    macsShare: sum(({ rungs }) => rungs.trainedMacs) / sum(({ whole }) => whole.trainedMacs),
    reached: rows.filter(({ reached }) => reached !== null).length,
  }
}

/** For people, and for a document. */
export function tableOf(rows: readonly RungComparison[]): string {
  const line = ({ seed, whole, rungs, reached }: RungComparison): string =>
    `| ${seed} | ${whole.wholeTrainings} | ${whole.seconds.toFixed(1)} (${whole.processorSeconds.toFixed(0)}) | ${whole.hypervolume.toFixed(4)} | ${rungs.trainings} | ${rungs.wholeTrainings} | ` +
    `${rungs.seconds.toFixed(1)} (${rungs.processorSeconds.toFixed(0)}) | ${rungs.hypervolume.toFixed(4)} | ${(rungs.trainedMacs / whole.trainedMacs).toFixed(2)} | ` +
    `${reached === null ? 'not reached' : `${reached.seconds.toFixed(1)} s, ${(reached.seconds / whole.seconds).toFixed(2)}`} |`
  return [
    '| seed | whole trainings | seconds (with preparation) | hypervolume | trainings on rungs | of them whole | seconds (with preparation) | hypervolume | MACs, share of whole | same hypervolume after |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...rows.map(line),
  ].join('\n')
}
