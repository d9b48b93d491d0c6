import type { Layer, LayerGraph } from './layer-graph.js'

/** Exact integers at batch 1. */
export interface NetworkCost {
  /** Convolution weights, 2 per BN channel (running statistics not counted), fully connected weight and bias. */
  readonly params: number
  /** Multiply-accumulates of convolutions and of the fully connected layer. */
  readonly macs: number
  /** Elements of all convolution outputs, projections included, and of the fully connected output. */
  readonly activations: number
}

const free: NetworkCost = { params: 0, macs: 0, activations: 0 }

export function layerCost(layer: Layer): NetworkCost {
  switch (layer.kind) {
    case 'convolution': {
      const { height, width, channels } = layer.output
      const params = (layer.kernel ** 2 * layer.inputChannels * channels) / layer.groups
      const activations = height * width * channels
      return { params, macs: height * width * params, activations }
    }
    case 'batch_normalization':
      return { ...free, params: 2 * layer.output.channels }
    case 'fully_connected': {
      const macs = layer.inputFeatures * layer.output.channels
      return { params: macs + layer.output.channels, macs, activations: layer.output.channels }
    }
    default:
      return free
  }
}

export function addCosts(a: NetworkCost, b: NetworkCost): NetworkCost {
  return { params: a.params + b.params, macs: a.macs + b.macs, activations: a.activations + b.activations }
}

export function networkCost({ layers }: LayerGraph): NetworkCost {
  return layers.map(layerCost).reduce(addCosts, free)
}
