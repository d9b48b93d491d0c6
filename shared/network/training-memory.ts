import { networkCost } from './cost.js'
import type { Layer, LayerGraph } from './layer-graph.js'

/** Memory of one training process, bytes: an estimate of what tensors need, without the framework's own share. */
export interface TrainingMemory {
  /** Whatever the batch: weights, their gradients, momentum, running statistics. */
  readonly fixedBytes: number
  /** Kept from forward to backward, one image. */
  readonly bytesPerImage: number
  /** Alive only while one layer's gradient is computed, one image: the gradients of its output and inputs. */
  readonly workingBytesPerImage: number
  readonly totalBytes: number
}

const inputsOf = (layer: Layer): readonly number[] => ('inputs' in layer ? layer.inputs : 'input' in layer ? [layer.input] : [])

/** Layers whose output the backward pass reads: inputs of convolutions, BN and fully connected, outputs of ReLU. */
function keptLayers(layers: readonly Layer[]): Set<number> {
  const kept = new Set<number>()
  for (const layer of layers) {
    if (layer.kind === 'relu') kept.add(layer.id)
    if (layer.kind === 'convolution' || layer.kind === 'batch_normalization' || layer.kind === 'fully_connected') kept.add(layer.input)
  }
  return kept
}

const elements = ({ output: { height, width, channels } }: Layer): number => height * width * channels

/**
 * Memory to train the network with SGD and momentum at a batch size.
 * @param bytesPerElement of activations: 4 for float32, 2 for half precision; weights and momentum are always float32.
 */
export function trainingMemory(graph: LayerGraph, batch: number, bytesPerElement: 2 | 4 = 4): TrainingMemory {
  const { layers } = graph
  const { params } = networkCost(graph)
  const statistics = layers.reduce((sum, layer) => sum + (layer.kind === 'batch_normalization' ? 2 * layer.output.channels : 0), 0)
  const fixedBytes = 4 * (3 * params + statistics)
  let bytesPerImage = 0
  for (const id of keptLayers(layers)) bytesPerImage += bytesPerElement * elements(layers[id])
  let workingBytesPerImage = 0
  for (const layer of layers) {
    const gradients = inputsOf(layer).reduce((sum, id) => sum + elements(layers[id]), elements(layer))
    workingBytesPerImage = Math.max(workingBytesPerImage, bytesPerElement * gradients)
  }
  return { fixedBytes, bytesPerImage, workingBytesPerImage, totalBytes: fixedBytes + batch * (bytesPerImage + workingBytesPerImage) }
}
