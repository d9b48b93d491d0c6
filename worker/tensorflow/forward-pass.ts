import type { Layer, LayerGraph } from '../../shared/network/layer-graph.js'
import type { Tensor } from './graph/tensor.js'
import { emitInferenceBatchNormalization, emitTrainingBatchNormalization } from './layers/batch-normalization.js'
import { emitConvolution } from './layers/convolution.js'
import type { Emission, EmissionContext } from './layers/emission.js'
import { emitInFloat32, isFasterInFloat32 } from './layers/float32-layers.js'
import { emitFullyConnected } from './layers/fully-connected.js'
import { emitGlobalAveragePool } from './layers/global-average-pool.js'
import { emitMerge } from './layers/merge.js'
import { emitRelu } from './layers/relu.js'

/** Which statistics a layer's batch normalization uses: the batch's own, moving the moving ones on, or the moving ones. */
export type Statistics = 'batch' | 'moving'

/** Emits the network, layer by layer; the answer's i-th entry is layer i's, the last one's output the logits [batch, classes]. */
export function emitForwardPass(
  context: EmissionContext,
  graph: LayerGraph,
  images: Tensor,
  statistics: (layer: Layer) => Statistics,
): Emission[] {
  const emissions: Emission[] = []
  for (const layer of graph.layers) {
    const inputs = inputsOf(layer)
    const tensors = layer.kind === 'input' ? [images] : inputs.map((id) => emissions[id].output)
    const from = inputs.map((id) => graph.layers[id].output)
    const emit = (given: readonly Tensor[]): Emission => emitLayer(context, layer, given, from, statistics(layer))
    const emitWhole = (): Emission => (isFasterInFloat32(context, layer) ? emitInFloat32(context, tensors[0], (input) => emit([input])) : emit(tensors))
    emissions.push(context.builder.scope(layer.name, emitWhole))
  }
  return emissions
}

/** Ids of the layers that a layer reads. */
export function inputsOf(layer: Layer): readonly number[] {
  switch (layer.kind) {
    case 'input':
      return []
    case 'add':
    case 'concat':
      return layer.inputs
    default:
      return [layer.input]
  }
}

function emitLayer(context: EmissionContext, layer: Layer, inputs: readonly Tensor[], from: Layer['output'][], statistics: Statistics): Emission {
  switch (layer.kind) {
    case 'input':
      return { output: inputs[0], backward: null }
    case 'convolution':
      return emitConvolution(context, layer, inputs[0], from[0])
    case 'batch_normalization':
      return statistics === 'batch'
        ? emitTrainingBatchNormalization(context, layer, inputs[0])
        : emitInferenceBatchNormalization(context, layer, inputs[0])
    case 'relu':
      return emitRelu(context, inputs[0])
    case 'add':
    case 'concat':
      return emitMerge(context, layer, inputs, from)
    case 'global_average_pool':
      return emitGlobalAveragePool(context, inputs[0], from[0])
    case 'fully_connected':
      return emitFullyConnected(context, layer, inputs[0])
  }
}
