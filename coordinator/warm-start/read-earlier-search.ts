import type { SearchConfig } from '../../shared/config/search-config.js'
import { isWhole } from '../run/fidelity.js'
import { readEvaluations } from '../store/search-reader.js'
import type { KnownNetwork, KnownResult, WarmStartSource } from './known-network.js'

/** The whole trainings of an earlier search, also while a coordinator works on it. @throws NotFoundError when the folder holds none */
export function readEarlierSearch(directory: string, from: string): WarmStartSource {
  const { config, evaluation, told } = readEvaluations(directory)
  const results = told.flatMap(({ encoding, outcome, rung }): KnownResult[] => {
    if (!isWhole(config as SearchConfig, rung)) return []
    return outcome?.kind === 'succeeded' || outcome?.kind === 'diverged' ? [{ encoding, outcome }] : []
  })
  const networks = results.flatMap(({ encoding, outcome }): KnownNetwork[] =>
    outcome.kind === 'succeeded' ? [{ encoding, top1: outcome.result.top1, stepMs: outcome.result.stepMs.median }] : [],
  )
  return { from, areTimesComparable: deviceClassesOf(results).length <= 1, networks, results, evaluation }
}

/** Device classes that results were measured on, sorted. */
export function deviceClassesOf(results: readonly KnownResult[]): string[] {
  return [...new Set(results.flatMap(({ outcome }) => (outcome.kind === 'succeeded' ? [outcome.result.deviceClass] : [])))].sort()
}
