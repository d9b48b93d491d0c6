import { hypervolume } from '../../coordinator/search/hypervolume.js'
import type { WholeTraining } from './training-arm.js'

/** A search's front after some cost. */
export interface FrontAtCost {
  readonly seconds: number
  readonly trainedMacs: number
  readonly hypervolume: number
}

/** Error and logarithm of the MACs, each scaled to its range over both searches' whole trainings; reference (1, 1). */
function scale(all: readonly WholeTraining[]): (training: WholeTraining) => number[] {
  const raw = ({ error, macs }: WholeTraining): number[] => [error, Math.log(macs)]
  const low = [0, 1].map((i) => Math.min(...all.map((each) => raw(each)[i])))
  const high = [0, 1].map((i) => Math.max(...all.map((each) => raw(each)[i])))
  return (training) => raw(training).map((value, i) => (high[i] > low[i] ? (value - low[i]) / (high[i] - low[i]) : 0))
}

/** How the front of each search grew with its cost, in the measure of both together. */
export function growthOf(searches: readonly (readonly WholeTraining[])[]): FrontAtCost[][] {
  const scaled = scale(searches.flat())
  return searches.map((wholes) =>
    wholes.map(({ seconds, trainedMacs }, i) => ({ seconds, trainedMacs, hypervolume: hypervolume(wholes.slice(0, i + 1).map(scaled), [1, 1]) })),
  )
}
