import type { AddLayer, ConcatLayer, FeatureShape } from '../../../shared/network/layer-graph.js'
import { add } from '../graph/arithmetic.js'
import { concatenateChannels, splitChannelsBySize } from '../graph/channels.js'
import type { Tensor } from '../graph/tensor.js'
import type { Emission, EmissionContext } from './emission.js'

/** The merge of a skip connection into its target place: a sum or a concatenation of channels. */
export function emitMerge(context: EmissionContext, layer: AddLayer | ConcatLayer, inputs: readonly Tensor[], from: readonly FeatureShape[]): Emission {
  const { builder } = context
  if (layer.kind === 'add') return { output: add(builder, inputs[0], inputs[1]), backward: (gradient) => [gradient, gradient] }
  return {
    output: concatenateChannels(builder, inputs),
    backward: (gradient) => splitChannelsBySize(builder, gradient, from.map(({ channels }) => channels)),
  }
}
