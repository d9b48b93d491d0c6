/** Feature map of one image; the batch dimension is left out everywhere in this room. */
export interface FeatureShape {
  readonly height: number
  readonly width: number
  readonly channels: number
}

interface LayerBase {
  /** Position in LayerGraph.layers; inputs always have smaller ids (the list is in topological order). */
  readonly id: number
  /** Unique, stable and hierarchical, for variables and checkpoints: `stem/0`, `stage1/block0/operation0`, `stage1/block0/skip_0_2`, `head`. */
  readonly name: string
  /** 0 = stem, 1.. = stages, last stage + 1 = head; what "frozen stages" counts. */
  readonly stage: number
  readonly output: FeatureShape
}

/** Convolution without bias; explicit symmetric padding of floor(kernel / 2) on each side. */
export interface ConvolutionLayer extends LayerBase {
  readonly kind: 'convolution'
  readonly input: number
  readonly kernel: 1 | 3
  readonly stride: number
  readonly padding: 0 | 1
  readonly groups: number
  readonly inputChannels: number
}

export interface BatchNormalizationLayer extends LayerBase {
  readonly kind: 'batch_normalization'
  readonly input: number
}

export interface ReluLayer extends LayerBase {
  readonly kind: 'relu'
  readonly input: number
}

export interface AddLayer extends LayerBase {
  readonly kind: 'add'
  readonly inputs: readonly [number, number]
}

/** Channel concatenation, in the order of `inputs`. */
export interface ConcatLayer extends LayerBase {
  readonly kind: 'concat'
  readonly inputs: readonly [number, number]
}

export interface GlobalAveragePoolLayer extends LayerBase {
  readonly kind: 'global_average_pool'
  readonly input: number
}

/** Fully connected, with bias. */
export interface FullyConnectedLayer extends LayerBase {
  readonly kind: 'fully_connected'
  readonly input: number
  readonly inputFeatures: number
}

/** The image: always layer 0. */
export interface InputLayer extends LayerBase {
  readonly kind: 'input'
}

export type Layer =
  | InputLayer
  | ConvolutionLayer
  | BatchNormalizationLayer
  | ReluLayer
  | AddLayer
  | ConcatLayer
  | GlobalAveragePoolLayer
  | FullyConnectedLayer

/** A network as data: what the cost model counts and the TensorFlow compiler emits. The last layer gives the logits. */
export interface LayerGraph {
  readonly encoding: string
  readonly resolution: number
  readonly classes: number
  readonly layers: readonly Layer[]
}
