import type { BatchNormalizationLayer, ConvolutionLayer, FullyConnectedLayer, Layer, LayerGraph } from '../../shared/network/layer-graph.js'

export type VariableKind = 'weight' | 'bias' | 'gamma' | 'beta' | 'moving_mean' | 'moving_variance' | 'momentum' | 'step' | 'loss_scale'

/** How a variable starts; `normal` has mean 0, `scalar` is for variables of one number. */
export type Initializer =
  | { readonly kind: 'zeros' | 'ones' }
  | { readonly kind: 'normal'; readonly deviation: number }
  | { readonly kind: 'scalar'; readonly value: number }

export interface VariableSpecification {
  /** The layer's name and what it is there: `stem/0/weight`; the optimizer's state is `stem/0/weight/momentum`. */
  readonly name: string
  /** Filters HWIO (input channels per group), depthwise filters HWIM (input channels, multiplier), matrices [in, out]. */
  readonly shape: readonly number[]
  readonly kind: VariableKind
  /** Changed by the optimizer; a model parameter in the sense of the cost model (frozen ones are not changed, but count). */
  readonly trainable: boolean
  /** True if weight decay applies: weights of convolutions and of the fully connected layer, never BN or bias. */
  readonly decay: boolean
  readonly initializer: Initializer
}

/** Name of the variable that counts optimizer steps. */
export const stepVariableName = 'step'
/** Names of the scale of the loss, and of the steps since it was last changed; see `LossScale`. */
export const lossScaleName = 'loss_scale'
export const goodStepsName = 'loss_scale/good_steps'
/** Where dynamic loss scaling starts (PyTorch's GradScaler has the same): it comes down within a few steps where that is too much. */
const firstLossScale = 2 ** 16

export function momentumName(variable: string): string {
  return `${variable}/momentum`
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

/** True for a convolution that filters each input channel on its own, with one or more filters per channel. */
export function isDepthwise(layer: ConvolutionLayer): boolean {
  return layer.groups > 1 && layer.groups === layer.inputChannels
}

/** Variables of the network itself, in layer order. Layers of a stage below `frozenStages` are not trainable. */
export function networkVariables(graph: LayerGraph, frozenStages: number): VariableSpecification[] {
  return graph.layers.flatMap((layer) => layerVariables(layer, layer.stage >= frozenStages))
}

/**
 * The optimizer's state: a momentum for each trainable variable, the step counter, and the scale of the loss. Programs of all
 * precisions have the same, so that a training can go on in another.
 */
export function optimizerVariables(network: readonly VariableSpecification[]): VariableSpecification[] {
  const state = { trainable: false, decay: false, initializer: zeros }
  const momenta = network.filter((variable) => variable.trainable)
  return [
    ...momenta.map(({ name, shape }) => ({ ...state, name: momentumName(name), shape, kind: 'momentum' as const })),
    { ...state, name: stepVariableName, shape: [], kind: 'step' },
    { ...state, name: lossScaleName, shape: [], kind: 'loss_scale', initializer: { kind: 'scalar', value: firstLossScale } },
    { ...state, name: goodStepsName, shape: [], kind: 'loss_scale' },
  ]
}

const zeros: Initializer = { kind: 'zeros' }
const ones: Initializer = { kind: 'ones' }

function layerVariables(layer: Layer, trainable: boolean): VariableSpecification[] {
  switch (layer.kind) {
    case 'convolution':
      return [convolutionWeight(layer, trainable)]
    case 'batch_normalization':
      return batchNormalizationVariables(layer, trainable)
    case 'fully_connected':
      return fullyConnectedVariables(layer, trainable)
    default:
      return []
  }
}

function convolutionWeight(layer: ConvolutionLayer, trainable: boolean): VariableSpecification {
  const { name, kernel, groups, inputChannels, output } = layer
  // He normal by fan out; of a grouped convolution each output pixel of a group counts (interfaces.md of the recipe).
  const fanOut = (output.channels / groups) * kernel * kernel
  const channels = isDepthwise(layer) ? [inputChannels, output.channels / inputChannels] : [inputChannels / groups, output.channels]
  const initializer = { kind: 'normal', deviation: Math.sqrt(2 / fanOut) } as const
  return { name: `${name}/weight`, shape: [kernel, kernel, ...channels], kind: 'weight', trainable, decay: true, initializer }
}

function batchNormalizationVariables(layer: BatchNormalizationLayer, trainable: boolean): VariableSpecification[] {
  const shape = [layer.output.channels]
  const variable = (kind: VariableKind, initializer: Initializer, changed: boolean): VariableSpecification => {
    return { name: `${layer.name}/${kind}`, shape, kind, trainable: changed, decay: false, initializer }
  }
  return [
    variable('gamma', ones, trainable),
    variable('beta', zeros, trainable),
    variable('moving_mean', zeros, false),
    variable('moving_variance', ones, false),
  ]
}

function fullyConnectedVariables(layer: FullyConnectedLayer, trainable: boolean): VariableSpecification[] {
  const { name, inputFeatures, output } = layer
  const weight = { kind: 'normal', deviation: 0.01 } as const
  return [
    { name: `${name}/weight`, shape: [inputFeatures, output.channels], kind: 'weight', trainable, decay: true, initializer: weight },
    { name: `${name}/bias`, shape: [output.channels], kind: 'bias', trainable, decay: false, initializer: zeros },
  ]
}
