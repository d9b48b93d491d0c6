import { layerCost } from '../../shared/network/cost.js'
import type { Layer, LayerGraph } from '../../shared/network/layer-graph.js'

/** What a step does with the network: forward, backward and the optimizer's update, or forward alone. */
export type StepKind = 'training' | 'inference'

/**
 * How a layer's arithmetic is done, as far as libraries have kernels of different speed for it. Dense 3x3 convolutions may use
 * transforms that save multiplications, 1x1 ones and fully connected layers are matrix products, grouped ones split into small
 * products, and depthwise ones reuse nothing.
 */
export type ArithmeticClass = 'dense3x3' | 'dense1x1' | 'grouped' | 'depthwise'

/** Work of one layer in one step, whatever the device. */
export interface LayerWork {
  readonly arithmetic: ArithmeticClass | null
  readonly macs: number
  /** Elements of feature maps read and written by convolutions and the fully connected layer. */
  readonly convolutionTraffic: number
  /** Elements of feature maps read and written by everything else. */
  readonly elementwiseTraffic: number
  /** Elements of weights, their gradients and their momentum read and written. */
  readonly weightTraffic: number
  /** Kernels started, each with a fixed cost. */
  readonly kernels: number
}

const none: LayerWork = { arithmetic: null, macs: 0, convolutionTraffic: 0, elementwiseTraffic: 0, weightTraffic: 0, kernels: 0 }

/** Passes over a feature map of the layer's output size (for pooling: input size), and kernels. */
interface Passes {
  readonly traffic: number
  readonly kernels: number
}

/**
 * Forward: batch normalization in training reads its input twice (statistics, normalization) and writes once; backward it reads
 * input and gradient twice and writes once; two parameter updates. ReLU is 2 forward, 3 backward. An add reads two maps and writes
 * one; backward its gradient passes through, but the map used twice has its gradients summed (3).
 */
const passes: Readonly<Record<'batch_normalization' | 'relu' | 'add' | 'concat' | 'global_average_pool', Readonly<Record<StepKind, Passes>>>> = {
  batch_normalization: { training: { traffic: 8, kernels: 4 }, inference: { traffic: 2, kernels: 1 } },
  relu: { training: { traffic: 5, kernels: 2 }, inference: { traffic: 2, kernels: 1 } },
  add: { training: { traffic: 6, kernels: 2 }, inference: { traffic: 3, kernels: 1 } },
  concat: { training: { traffic: 4, kernels: 2 }, inference: { traffic: 2, kernels: 1 } },
  global_average_pool: { training: { traffic: 2, kernels: 2 }, inference: { traffic: 1, kernels: 1 } },
}

const elements = ({ output: { height, width, channels } }: Layer): number => height * width * channels

function arithmeticOf(layer: Layer): ArithmeticClass {
  if (layer.kind !== 'convolution') return 'dense1x1'
  if (layer.groups === 1) return layer.kernel === 1 ? 'dense1x1' : 'dense3x3'
  return layer.groups === layer.inputChannels ? 'depthwise' : 'grouped'
}

/** A product of a feature map with weights: once forward; backward once for the weights and, unless it reads the image, once for its input. */
function productWork(layer: Layer, source: Layer, batch: number, kind: StepKind): LayerWork {
  const { macs, params } = layerCost(layer)
  const products = kind === 'inference' ? 1 : source.kind === 'input' ? 2 : 3
  // The optimizer reads gradient, weight and momentum, and writes weight and momentum.
  const updateTraffic = kind === 'inference' ? 0 : 5
  return {
    ...none,
    arithmetic: arithmeticOf(layer),
    macs: products * macs * batch,
    convolutionTraffic: products * (elements(source) + elements(layer)) * batch,
    weightTraffic: (products + updateTraffic) * params,
    kernels: products + (kind === 'inference' ? 0 : 1),
  }
}

/** Work of one layer of the graph in one step of `batch` images. */
export function layerWork(layer: Layer, { layers }: LayerGraph, batch: number, kind: StepKind): LayerWork {
  switch (layer.kind) {
    case 'input':
      return none
    case 'convolution':
    case 'fully_connected':
      return productWork(layer, layers[layer.input], batch, kind)
    default: {
      const { traffic, kernels } = passes[layer.kind][kind]
      const map = layer.kind === 'global_average_pool' ? layers[layer.input] : layer
      return { ...none, elementwiseTraffic: traffic * elements(map) * batch, kernels }
    }
  }
}
