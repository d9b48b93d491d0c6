import { canonicalEncoding } from '../../shared/space/canonical.js'
import { parseGenome } from '../../shared/space/parse.js'
import { referenceBlocks } from '../search/phases/reference-blocks.js'
import { plural } from '../../shared/plural.js'
import { type PlottedQuantity, type ReferencePoint, tradeOffPlot } from './trade-off-plot.js'
import { type ZooCandidate, type ZooConstraint, type ZooObjective, buildZoo } from './zoo.js'

/** A cost that blocks are compared by. */
type BlockCost = 'stepMs' | 'params' | 'macs' | 'activations'

const millions = (title: string, of: (candidate: ZooCandidate) => number): PlottedQuantity => ({
  title: `${title} (millions)`,
  isBetter: 'lower',
  of: (candidate) => of(candidate) / 1e6,
  format: (value) => `${value.toPrecision(3)} M ${title}`,
})

const quantities: Readonly<Record<BlockCost, PlottedQuantity>> = {
  stepMs: { title: 'training step (ms)', isBetter: 'lower', of: ({ stepMs }) => stepMs, format: (value) => `${value.toPrecision(3)} ms a step` },
  params: millions('parameters', ({ params }) => params),
  macs: millions('MACs', ({ macs }) => macs),
  activations: millions('activations', ({ activations }) => activations),
}

/** Results of a search's block phase. */
export interface BlockPhase {
  /** Those that trained successfully, each for as many epochs, in the order they were told; at least one. */
  readonly candidates: readonly ZooCandidate[]
  readonly epochs: number
  readonly objectives: readonly ZooObjective[]
  readonly constraints: readonly ZooConstraint[]
  /** Whether steps were timed on one kind of device, so that they can be compared. */
  readonly areTimesComparable: boolean
}

/** Splits an encoding into its block and its macro structure. */
function halvesOf(encoding: string): { readonly block: string; readonly macro: string } {
  const at = encoding.indexOf('_')
  return { block: encoding.slice(0, at), macro: encoding.slice(at + 1) }
}

/** Blocks by accuracy and latency, or by the cost that the search minimises, with the reference blocks by name, as an SVG document. */
export function blockPlot({ candidates, epochs, objectives, constraints, areTimesComparable }: BlockPhase): string {
  const { macro } = halvesOf(candidates[0].encoding)
  // A search may have more than one block phase, each with a macro structure of its own: this is the first.
  const ofPhase = candidates.filter(({ encoding }) => halvesOf(encoding).macro === macro)
  const cost = costOf(objectives, areTimesComparable)
  const front = buildZoo(ofPhase, { objectives: [{ name: 'top1', direction: 'maximize' }, { name: cost, direction: 'minimize' }], constraints }).zoo
  const members = new Set(front.map(({ encoding }) => encoding))
  return tradeOffPlot({
    title: `Block phase: ${plural(front.length, 'block')} of ${ofPhase.length} on the front`,
    subtitle: `inside the macro structure ${macro} \u00b7 after ${plural(epochs, 'epoch')}`,
    quantity: quantities[cost],
    front,
    others: ofPhase.filter(({ encoding }) => !members.has(encoding)),
    references: referencesAmong(ofPhase),
    staircase: 'best accuracy at this cost or below',
    nameOf: ({ encoding }) => halvesOf(encoding).block,
    empty: 'no block ended with a result',
  })
}

function costOf(objectives: readonly ZooObjective[], areTimesComparable: boolean): BlockCost {
  const cost = objectives.map(({ name }) => (name === 'imagesPerSecond' ? 'stepMs' : name)).find((name) => name !== 'top1') ?? 'stepMs'
  return cost === 'stepMs' && !areTimesComparable ? 'macs' : cost
}

/** The reference blocks among networks of one macro structure. */
function referencesAmong(candidates: readonly ZooCandidate[]): ReferencePoint[] {
  const byEncoding = new Map(candidates.map((candidate) => [candidate.encoding, candidate]))
  const macro = parseGenome(candidates[0].encoding)
  return referenceBlocks.flatMap(({ name, block }) => {
    const candidate = byEncoding.get(canonicalEncoding({ ...macro, block }))
    return candidate === undefined ? [] : [{ name, candidate }]
  })
}
