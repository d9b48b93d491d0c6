import type { ConvolutionLayer, FeatureShape } from '../../../shared/network/layer-graph.js'
import { concatenateChannels, splitChannels } from '../graph/channels.js'
import { type ConvolutionGeometry, convolutionFilterGradient, convolutionInputGradient, convolve } from '../graph/convolution.js'
import { type Padding, cropImage, padImage, paddingFor } from '../graph/padding.js'
import { suitsTaps } from '../graph/tap-convolution.js'
import type { Tensor } from '../graph/tensor.js'
import { DataType } from '../proto/gen/program.js'
import { isDepthwise } from '../variables.js'
import type { Emission, EmissionContext } from './emission.js'

export function emitConvolution(context: EmissionContext, layer: ConvolutionLayer, input: Tensor, from: FeatureShape): Emission {
  const zeros = zerosAround(layer, from)
  const parts = partsOf(context, layer, from, zeros, input.dtype)
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

/** One convolution per group. `geometry` is that of one group. */
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

/**
 * Number of equal parts that a grouped convolution is emitted in: 1 where that is possible (TensorFlow gives oneDNN those in half
 * precision on some processors only), unless each part is better done tap by tap. One operation took 0.3 to 0.9 of the time of
 * the parts, forward and both gradients (TensorFlow 2.19, one core with AVX-512, batch 32).
 */
function partsOf(context: EmissionContext, layer: ConvolutionLayer, from: FeatureShape, zeros: Padding | null, dtype: DataType): number {
  const { groups } = layer
  if (groups === 1 || isDepthwise(layer) || context.device === 'gpu') return 1
  const isGroupable = context.oneDnn && dtype === DataType.DT_FLOAT
  return isGroupable && !geometryOf(context, layer, from, zeros, groups).byTaps ? 1 : groups
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
