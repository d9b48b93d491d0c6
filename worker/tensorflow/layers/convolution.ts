import type { ConvolutionLayer, FeatureShape } from '../../../shared/network/layer-graph.js'
import { concatenateChannels, splitChannels } from '../graph/channels.js'
import { type ConvolutionGeometry, convolutionFilterGradient, convolutionInputGradient, convolve } from '../graph/convolution.js'
import { type Padding, cropImage, padImage, paddingFor } from '../graph/padding.js'
import { suitsTaps } from '../graph/tap-convolution.js'
import type { Tensor } from '../graph/tensor.js'
import { isDepthwise } from '../variables.js'
import type { Emission, EmissionContext } from './emission.js'

export function emitConvolution(context: EmissionContext, layer: ConvolutionLayer, input: Tensor, from: FeatureShape): Emission {
  const zeros = zerosAround(layer, from)
  const parts = isSplit(context, layer) ? layer.groups : 1
  const emit = parts > 1 ? emitParts : emitWhole
  const geometry = geometryOf(context, layer, from, zeros, parts)
  if (zeros === null) return emit(context, layer, geometry, input)
  const { output, backward } = emit(context, layer, geometry, padImage(context.builder, input, zeros))
  const shape = [context.batch, from.height, from.width, from.channels]
  return { output, backward: (gradient, inputs) => backward(gradient, inputs).map((padded) => cropImage(context.builder, padded, zeros, shape)) }
}

type DifferentiableEmission = Emission & { readonly backward: NonNullable<Emission['backward']> }

function emitWhole(context: EmissionContext, layer: ConvolutionLayer, geometry: ConvolutionGeometry, input: Tensor): DifferentiableEmission {
  const { builder } = context
  const variable = `${layer.name}/weight`
  const filter = context.read(variable, input.dtype)
  return {
    output: convolve(builder, geometry, input, filter),
    backward: (gradient, inputs) => {
      const toInput = inputs ? [convolutionInputGradient(builder, geometry, filter, gradient)] : []
      context.gradient(variable, convolutionFilterGradient(builder, geometry, input, gradient), toInput)
      return toInput
    },
  }
}

/** One convolution per group: TensorFlow has no gradients of grouped convolutions on CPUs. `geometry` is that of one group. */
function emitParts(context: EmissionContext, layer: ConvolutionLayer, geometry: ConvolutionGeometry, input: Tensor): DifferentiableEmission {
  const { builder } = context
  const { groups } = layer
  const variable = `${layer.name}/weight`
  const inputParts = splitChannels(builder, input, groups)
  const filters = splitChannels(builder, context.read(variable, input.dtype), groups)
  const outputs = inputParts.map((part, group) => convolve(builder, geometry, part, filters[group]))
  return {
    output: concatenateChannels(builder, outputs),
    backward: (gradient, inputs) => {
      const parts = splitChannels(builder, gradient, groups)
      const toFilters = parts.map((part, group) => convolutionFilterGradient(builder, geometry, inputParts[group], part))
      context.gradient(variable, concatenateChannels(builder, toFilters))
      if (!inputs) return []
      return [concatenateChannels(builder, parts.map((part, group) => convolutionInputGradient(builder, geometry, filters[group], part)))]
    },
  }
}

function isSplit({ device }: EmissionContext, layer: ConvolutionLayer): boolean {
  return device !== 'gpu' && layer.groups > 1 && !isDepthwise(layer)
}

function zerosAround({ kernel, stride, padding }: ConvolutionLayer, { height, width }: FeatureShape): Padding | null {
  return padding === 0 ? null : paddingFor([height, width], kernel, stride, padding)
}

/** Geometry of the convolution, or of each of its equal parts. */
function geometryOf(
  { batch, device }: EmissionContext,
  layer: ConvolutionLayer,
  { height, width }: FeatureShape,
  zeros: Padding | null,
  parts: number,
): ConvolutionGeometry {
  const { kernel, stride, padding, groups, inputChannels, output } = layer
  const depthwise = isDepthwise(layer)
  const channels = depthwise ? [inputChannels, output.channels / inputChannels] : [inputChannels / groups, output.channels / parts]
  const [rows, columns] = zeros === null ? [0, 0] : zeros.after.map((after) => zeros.before + after)
  const geometry = {
    operation: depthwise ? 'DepthwiseConv2dNative' : 'Conv2D',
    inputShape: [batch, height + rows, width + columns, inputChannels / parts],
    filterShape: [kernel, kernel, ...channels],
    stride,
    padding: padding > 0 && zeros === null ? 'SAME' : 'VALID',
  } as const
  return { ...geometry, byTaps: device !== 'gpu' && suitsTaps(geometry) }
}
