import { InvalidInputError } from '../../shared/errors.js'
import { buildLayerGraph } from '../../shared/network/build.js'
import { type NetworkCost, layerCost, networkCost } from '../../shared/network/cost.js'
import type { InputSize } from '../../shared/network/input-size.js'
import type { Layer } from '../../shared/network/layer-graph.js'
import { type Stage, stagesOf } from '../../shared/network/stages.js'
import { type TrainingMemory, trainingMemory } from '../../shared/network/training-memory.js'
import { canonicalGenome } from '../../shared/space/canonical.js'
import { formatGenome } from '../../shared/space/format.js'
import { parseGenome } from '../../shared/space/parse.js'

interface LayerDescription extends NetworkCost {
  readonly name: string
  readonly kind: Layer['kind']
  readonly stage: number
  /** Height, width, channels. */
  readonly output: readonly [number, number, number]
  readonly kernel?: number
  readonly stride?: number
  readonly groups?: number
}

export interface NetworkDescription extends NetworkCost {
  /** Canonical. */
  readonly encoding: string
  readonly resolution: number
  readonly classes: number
  readonly blocks: number
  readonly width: number
  readonly stages: readonly Stage[]
  readonly trainingMemory: TrainingMemory & { readonly batch: number }
  readonly layers?: readonly LayerDescription[]
}

function describeLayer(layer: Layer): LayerDescription {
  const { name, kind, stage, output } = layer
  const convolution = kind === 'convolution' ? { kernel: layer.kernel, stride: layer.stride, groups: layer.groups } : {}
  return { name, kind, stage, output: [output.height, output.width, output.channels], ...convolution, ...layerCost(layer) }
}

/**
 * @throws InvalidEncodingError
 * @throws InvalidInputError where a count at this resolution is beyond the exact integers
 */
export function describe(encoding: string, size: InputSize, batch: number, withLayers: boolean): NetworkDescription {
  const genome = canonicalGenome(parseGenome(encoding))
  const graph = buildLayerGraph(genome, size)
  const cost = networkCost(graph)
  if (!Object.values(cost).every(Number.isSafeInteger)) {
    throw new InvalidInputError(`${formatGenome(genome)} counts beyond 2^53 - 1 at ${size.resolution} pixels; choose a smaller --resolution`)
  }
  const stages = stagesOf(genome)
  return {
    encoding: formatGenome(genome),
    ...size,
    ...cost,
    blocks: genome.macro.length,
    width: stages[stages.length - 1].width,
    stages,
    trainingMemory: { batch, ...trainingMemory(graph, batch) },
    ...(withLayers ? { layers: graph.layers.map(describeLayer) } : {}),
  }
}

/** Columns: the first to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  ').trimEnd())
}

const grouped = (value: number): string => value.toLocaleString('en-US')
const mebibytes = (bytes: number): string => `${grouped(Math.ceil(bytes / 2 ** 20))} MiB`

function layerRows(layers: readonly LayerDescription[]): string[][] {
  const header = ['layer', 'kind', 'height x width x channels', 'kernel', 'stride', 'groups', 'params', 'MACs']
  const optional = (value: number | undefined): string => (value === undefined ? '' : String(value))
  const rows = layers.map(({ name, kind, output, kernel, stride, groups, params, macs }) => [
    name,
    kind,
    output.join(' x '),
    optional(kernel),
    optional(stride),
    optional(groups),
    params === 0 ? '' : grouped(params),
    macs === 0 ? '' : grouped(macs),
  ])
  return [header, ...rows]
}

/** A description for people. */
export function report({ encoding, resolution, classes, params, macs, activations, blocks, stages, ...rest }: NetworkDescription): string {
  const { trainingMemory: memory, layers } = rest
  const facts = [
    ['params', grouped(params)],
    ['MACs', grouped(macs)],
    ['activations', grouped(activations)],
    ['blocks', grouped(blocks)],
    [`training memory, batch ${memory.batch} (estimate)`, mebibytes(memory.totalBytes)],
  ]
  const stageRows = [['stage', 'blocks', 'width', 'stride'], ...stages.map((stage, index) => [index + 1, stage.blocks, stage.width, stage.stride].map(String))]
  const sections = [[`${encoding} at ${resolution} x ${resolution} pixels, ${classes} classes`, ...table(facts)], table(stageRows)]
  if (layers !== undefined) sections.push(table(layerRows(layers)))
  return sections.map((lines) => lines.join('\n')).join('\n\n')
}
