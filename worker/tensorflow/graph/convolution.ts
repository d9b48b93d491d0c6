import { integersAttribute, stringAttribute, typeAttribute } from './attributes.js'
import type { GraphBuilder } from './graph-builder.js'
import { convolveByTaps, tapsFilterGradient, tapsInputGradient } from './tap-convolution.js'
import type { Tensor } from './tensor.js'

/** TensorFlow's operations, dense (grouped where the filter has fewer input channels) and depthwise. */
export type ConvolutionOperation = 'Conv2D' | 'DepthwiseConv2dNative'

/** One convolution as TensorFlow sees it: NHWC, square kernel. */
export interface ConvolutionGeometry {
  readonly operation: ConvolutionOperation
  /** `[batch, height, width, channels]` */
  readonly inputShape: readonly number[]
  /** HWIO, or HWIM for a depthwise filter. */
  readonly filterShape: readonly number[]
  readonly stride: number
  readonly padding: 'SAME' | 'VALID'
  /** As matrix products, one per tap of the kernel (tap-convolution.ts), instead of one operation. */
  readonly byTaps: boolean
}

export function convolve(builder: GraphBuilder, geometry: ConvolutionGeometry, input: Tensor, filter: Tensor): Tensor {
  if (geometry.byTaps) return convolveByTaps(builder, geometry, input, filter)
  return emit(builder, geometry, geometry.operation, [input, filter])
}

/** Gradient with respect to the input; the batch must be known. */
export function convolutionInputGradient(builder: GraphBuilder, geometry: ConvolutionGeometry, filter: Tensor, gradient: Tensor): Tensor {
  if (geometry.byTaps) return tapsInputGradient(builder, geometry, filter, gradient)
  return emit(builder, geometry, `${geometry.operation}BackpropInput`, [builder.integers(geometry.inputShape), filter, gradient])
}

export function convolutionFilterGradient(builder: GraphBuilder, geometry: ConvolutionGeometry, input: Tensor, gradient: Tensor): Tensor {
  if (geometry.byTaps) return tapsFilterGradient(builder, geometry, input, gradient)
  return emit(builder, geometry, `${geometry.operation}BackpropFilter`, [input, builder.integers(geometry.filterShape), gradient])
}

function emit(builder: GraphBuilder, geometry: ConvolutionGeometry, operation: string, inputs: readonly Tensor[]): Tensor {
  const { dtype } = inputs[inputs.length - 1]
  const attributes = {
    T: typeAttribute(dtype),
    strides: integersAttribute([1, geometry.stride, geometry.stride, 1]),
    padding: stringAttribute(geometry.padding),
    data_format: stringAttribute('NHWC'),
  }
  return builder.node({ operation, inputs, attributes }, dtype)
}
