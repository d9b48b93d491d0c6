import type { BlockPhase } from '../../coordinator/zoo/block-plot.js'
import { type ZooFiles, writeZoo } from '../../coordinator/zoo/write-zoo.js'
import { type Zoo, type ZooCandidate, buildZoo } from '../../coordinator/zoo/zoo.js'
import { takenOverOperator } from '../../coordinator/run/candidates-in-flight.js'
import { isWhole, rungsOf } from '../../coordinator/run/fidelity.js'
import { readSearchRecord } from '../../coordinator/store/search-reader.js'
import type { Candidate } from '../../shared/cluster/candidate.js'
import type { SearchStatus } from '../../shared/cluster/search-snapshot.js'
import { objectiveDirections } from '../../shared/config/search-config.js'

/** The zoo of a search, as zoo.json has it. */
export interface SearchZoo extends Zoo {
  readonly name: string
  readonly status: SearchStatus
  readonly objectives: readonly string[]
  /** Device classes that throughput was measured on; figures of different ones are not comparable. */
  readonly deviceClasses: readonly string[]
  /** Results of other searches that count here and were not trained again; `candidates` are without them. */
  readonly takenOver: number
}

function zooCandidate({ encoding, params, macs, activations, outcome }: Candidate): ZooCandidate[] {
  if (outcome?.kind !== 'succeeded') return []
  const { top1, imagesPerSecond, stepMs } = outcome.result
  return [{ encoding, top1, imagesPerSecond, stepMs: stepMs.median, params, macs, activations }]
}

function deviceClasses(told: readonly Candidate[]): string[] {
  const classes = told.flatMap(({ outcome }) => (outcome?.kind === 'succeeded' ? [outcome.result.deviceClass] : []))
  return [...new Set(classes)].sort()
}

/** Builds the zoo from what the search's store has, and writes zoo.json, zoo.csv, pareto.svg and phase-block.svg into `output`. */
export async function collectZoo(directory: string, output = directory): Promise<{ zoo: SearchZoo; files: ZooFiles }> {
  const { name, config, status, told, blockPhase } = readSearchRecord(directory)
  const own = told.filter(({ operator }) => operator !== takenOverOperator)
  // Shorter trainings, on lower rungs, are not comparable with whole ones.
  const candidates = told.filter(({ rung }) => isWhole(config, rung)).flatMap(zooCandidate)
  const objectives = config.objectives.map((objective) => ({ name: objective, direction: objectiveDirections[objective] }))
  const zoo = buildZoo(candidates, { objectives, constraints: config.constraints, unsuccessful: own.filter(({ outcome }) => outcome?.kind !== 'succeeded').length })
  const report: SearchZoo = { name, status, objectives: config.objectives, deviceClasses: deviceClasses(told), takenOver: told.length - own.length, ...zoo, candidates: own.length }
  const blocks: BlockPhase = {
    candidates: blockPhase.flatMap(zooCandidate),
    epochs: rungsOf(config)[0].epochs,
    objectives,
    constraints: config.constraints,
    areTimesComparable: deviceClasses(blockPhase).length === 1,
  }
  return { zoo: report, files: await writeZoo(output, report, candidates, blocks.candidates.length === 0 ? null : blocks) }
}
