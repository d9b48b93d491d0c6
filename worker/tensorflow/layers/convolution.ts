import type { ConvolutionLayer, FeatureShape } from '../../../shared/network/layer-graph.js'
import { concatenateChannels, splitChannels } from '../graph/channels.js'
import { type ConvolutionGeometry, convolutionFilterGradient, convolutionInputGradient, convolve } from '../graph/convolution.js'
import type { Tensor } from '../graph/tensor.js'
import { isDepthwise } from '../variables.js'
import type { Emission, EmissionContext } from './emission.js'

export function emitConvolution(context: EmissionContext, layer: ConvolutionLayer, input: Tensor, from: FeatureShape): Emission {
  const split = layer.groups > 1 && !isDepthwise(layer) && context.groupedConvolution === 'split'
  return split ? emitSplitConvolution(context, layer, input, from) : emitWholeConvolution(context, layer, input, from)
}

function emitWholeConvolution(context: EmissionContext, layer: ConvolutionLayer, input: Tensor, from: FeatureShape): Emission {
  const { builder } = context
  const variable = `${layer.name}/weight`
  const geometry = geometryOf(context, layer, from)
  const filter = context.read(variable)
  return {
    output: convolve(builder, geometry, input, filter),
    backward: (gradient, inputs) => {
      const toInput = inputs ? [convolutionInputGradient(builder, geometry, filter, gradient)] : []
      context.gradient(variable, convolutionFilterGradient(builder, geometry, input, gradient), toInput)
      return toInput
    },
  }
}

/** One convolution per group: TensorFlow has no gradients of grouped convolutions on CPUs. */
function emitSplitConvolution(context: EmissionContext, layer: ConvolutionLayer, input: Tensor, from: FeatureShape): Emission {
  const { builder } = context
  const { groups } = layer
  const variable = `${layer.name}/weight`
  const geometry = groupGeometryOf(context, layer, from)
  const inputParts = splitChannels(builder, input, groups)
  const filters = splitChannels(builder, context.read(variable), groups)
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

function geometryOf(context: EmissionContext, layer: ConvolutionLayer, from: FeatureShape): ConvolutionGeometry {
  const { kernel, stride, padding, groups, inputChannels, output } = layer
  const depthwise = isDepthwise(layer)
  const channels = depthwise ? [inputChannels, output.channels / inputChannels] : [inputChannels / groups, output.channels]
  return {
    operation: depthwise ? 'DepthwiseConv2dNative' : 'Conv2D',
    inputShape: [context.batch, from.height, from.width, inputChannels],
    filterShape: [kernel, kernel, ...channels],
    stride,
    padding,
  }
}

/** Geometry of the convolution of one group. */
function groupGeometryOf(context: EmissionContext, layer: ConvolutionLayer, from: FeatureShape): ConvolutionGeometry {
  const { groups, inputChannels, output, kernel } = layer
  const whole = geometryOf(context, layer, from)
  return {
    ...whole,
    inputShape: [context.batch, from.height, from.width, inputChannels / groups],
    filterShape: [kernel, kernel, inputChannels / groups, output.channels / groups],
  }
}
