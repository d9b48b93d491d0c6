import { canonicalEncoding } from '../space/canonical.js'
import type { Genome } from '../space/genome.js'
import { type BlockPlan, type ConvolutionPlan, type MergePlan, planBlocks } from './block-plan.js'
import { stemConvolutions } from './genome-cost.js'
import { type InputSize, checkInputSize, strided } from './input-size.js'
import type { FeatureShape, Layer, LayerGraph } from './layer-graph.js'

type WithoutPlace<T> = T extends Layer ? Omit<T, 'id' | 'stage'> : never

/** Appends layers; a layer is known by its id. */
class LayerList {
  readonly layers: Layer[] = []
  stage = 0

  /** Takes the object over. */
  append(layer: WithoutPlace<Layer>): number {
    const id = this.layers.length
    this.layers.push(Object.assign(layer, { id, stage: this.stage }))
    return id
  }

  output(id: number): FeatureShape {
    return this.layers[id].output
  }

  convolution(name: string, input: number, { kernel, stride, groups, inputChannels, outputChannels }: ConvolutionPlan): number {
    const { height, width } = this.output(input)
    const output = { height: strided(height, stride), width: strided(width, stride), channels: outputChannels }
    const padding = kernel === 3 ? 1 : 0
    return this.append({ kind: 'convolution', name, input, kernel, stride, padding, groups, inputChannels, output })
  }

  normalization(name: string, input: number): number {
    return this.append({ kind: 'batch_normalization', name, input, output: this.output(input) })
  }

  relu(name: string, input: number): number {
    return this.append({ kind: 'relu', name, input, output: this.output(input) })
  }
}

function appendStem(list: LayerList, stemChannels: number, image: number): number {
  let last = image
  stemConvolutions(stemChannels).forEach((plan, index) => {
    const name = `stem/${index}`
    last = list.relu(`${name}/relu`, list.normalization(`${name}/bn`, list.convolution(name, last, plan)))
  })
  return last
}

function appendMerge(list: LayerList, prefix: string, target: number, source: number, { skip, projection, channels }: MergePlan): number {
  const name = `${prefix}/skip_${skip.from}_${skip.to}`
  let merged = source
  if (projection !== null) {
    merged = list.normalization(`${name}/projection/bn`, list.convolution(`${name}/projection`, source, projection))
  }
  return list.append({ kind: skip.kind, name, inputs: [target, merged], output: { ...list.output(target), channels } })
}

function appendOperation(list: LayerList, name: string, input: number, convolutions: readonly ConvolutionPlan[]): number {
  if (convolutions.length === 1) return list.normalization(`${name}/bn`, list.convolution(name, input, convolutions[0]))
  const [depthwise, pointwise] = convolutions
  const inner = list.convolution(`${name}/depthwise`, input, depthwise)
  return list.normalization(`${name}/bn`, list.convolution(`${name}/pointwise`, inner, pointwise))
}

function appendBlock(list: LayerList, prefix: string, input: number, { places }: BlockPlan): number {
  const ids = [input]
  places.forEach(({ convolutions, merges }, index) => {
    const name = `${prefix}/operation${index}`
    let place = appendOperation(list, name, ids[index], convolutions)
    for (const merge of merges) place = appendMerge(list, prefix, place, ids[merge.skip.from], merge)
    ids.push(list.relu(`${name}/relu`, place))
  })
  return ids[places.length]
}

function appendBlocks(list: LayerList, genome: Genome, stem: number): number {
  let last = stem
  let blockOfStage = 0
  planBlocks(genome).forEach((plan, index) => {
    const opensStage = index === 0 || plan.stride === 2
    blockOfStage = opensStage ? 0 : blockOfStage + 1
    if (opensStage) list.stage++
    last = appendBlock(list, `stage${list.stage}/block${blockOfStage}`, last, plan)
  })
  return last
}

function appendHead(list: LayerList, features: number, classes: number): void {
  const { channels } = list.output(features)
  list.stage++
  const pooled = list.append({
    kind: 'global_average_pool',
    name: 'head/pool',
    input: features,
    output: { height: 1, width: 1, channels },
  })
  list.append({
    kind: 'fully_connected',
    name: 'head',
    input: pooled,
    inputFeatures: channels,
    output: { height: 1, width: 1, channels: classes },
  })
}

/**
 * The network that a valid genome describes (paper section 3.2; search-space documentation: "The network").
 * Names: `image`; `stem/0`, `stem/0/bn`, `stem/0/relu`; `stage1/block0/operation0` (for a separable operation
 * `operation0/depthwise` and `operation0/pointwise`), `.../operation0/bn`, `.../operation0/relu` (the place after it);
 * `stage1/block0/skip_0_2` (the add or concat), `.../skip_0_2/projection`, `.../skip_0_2/projection/bn`; `head/pool`, `head`.
 * @throws InvalidInputError for a resolution or a number of classes out of range.
 */
export function buildLayerGraph(genome: Genome, size: InputSize): LayerGraph {
  checkInputSize(size)
  const { resolution, classes } = size
  const list = new LayerList()
  const image = list.append({ kind: 'input', name: 'image', output: { height: resolution, width: resolution, channels: 3 } })
  const stem = appendStem(list, genome.stemChannels, image)
  appendHead(list, appendBlocks(list, genome, stem), classes)
  return { encoding: canonicalEncoding(genome), resolution, classes, layers: list.layers }
}
