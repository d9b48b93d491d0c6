import { plural } from '../../shared/plural.js'
import { type PlottedQuantity, tradeOffPlot } from './trade-off-plot.js'
import type { Zoo, ZooCandidate } from './zoo.js'

const throughput: PlottedQuantity = {
  title: 'training throughput (images/s)',
  isBetter: 'higher',
  of: ({ imagesPerSecond }) => imagesPerSecond,
  format: (value) => `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)} images/s`,
}

/** All candidates of a search by training throughput and validation accuracy, as an SVG document. */
export function paretoPlot(zoo: Zoo, candidates: readonly ZooCandidate[]): string {
  const members = new Set(zoo.zoo.map(({ encoding }) => encoding))
  const unsuccessful = zoo.unsuccessful > 0 ? ` \u00b7 ${zoo.unsuccessful} ended without a result` : ''
  return tradeOffPlot({
    title: `Pareto zoo: ${plural(zoo.zoo.length, 'network')} of ${plural(zoo.candidates, 'trained candidate')}`,
    subtitle: `hypervolume ${zoo.hypervolume.toFixed(4)}${unsuccessful}`,
    quantity: throughput,
    front: zoo.zoo,
    others: candidates.filter(({ encoding }) => !members.has(encoding)),
    references: [],
    staircase: 'best accuracy at this throughput or above',
    nameOf: ({ encoding }) => encoding,
    empty: zoo.candidates === 0 ? 'no candidate has been trained yet' : 'no candidate ended with a result',
  })
}
