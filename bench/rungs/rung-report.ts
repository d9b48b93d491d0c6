import type { SeedRun } from './bench-rungs.js'
import type { Comparison, MeanComparison, SeedComparison } from './compare-searches.js'

const shareText = (share: number | null): string => (share === null ? 'not reached' : share.toFixed(2))

/** For people, and for a document. */
export function tableOf(runs: readonly SeedRun[], { seeds, means }: Comparison): string {
  const line = ({ seed, whole, rungs }: SeedRun, compared: SeedComparison): string =>
    `| ${seed} | ${whole.results.length} | ${whole.seconds.toFixed(1)} | ${compared.whole.hypervolume.toFixed(4)} | ${compared.whole.frontHypervolume.toFixed(4)} | ` +
    `${rungs.trainings} (${rungs.results.length}) | ${rungs.seconds.toFixed(1)} | ${compared.rungs.hypervolume.toFixed(4)} | ${compared.rungs.frontHypervolume.toFixed(4)} | ` +
    `${shareText(compared.reached.hypervolume)} | ${shareText(compared.reached.frontHypervolume)} |`
  const meanLine = (name: string, { whole, rungs, standardError, reached }: MeanComparison): string =>
    `mean ${name}: whole trainings ${whole.toFixed(4)}, rungs ${rungs.toFixed(4)}` +
    `${standardError === null ? '' : ` (difference ${(rungs - whole).toFixed(4)}, standard error ${standardError.toFixed(4)})`}; ` +
    (reached === null ? 'not reached' : `reached after ${reached.toFixed(2)} of the seconds`)
  return [
    '| seed | whole trainings | seconds | hypervolume | of the front | trainings on rungs (whole) | seconds | hypervolume | of the front | reached after | of the front |',
    '|---|---|---|---|---|---|---|---|---|---|---|',
    ...runs.map((run, i) => line(run, seeds[i])),
    '',
    meanLine('hypervolume', means.hypervolume),
    meanLine('hypervolume of the front', means.frontHypervolume),
  ].join('\n')
}
