import { DataType } from '../proto/gen/program.js'
import { addAll, reshape, subtract } from './arithmetic.js'
import { booleanAttribute, integerAttribute, typeAttribute } from './attributes.js'
import type { ConvolutionGeometry } from './convolution.js'
import type { GraphBuilder } from './graph-builder.js'
import type { Tensor } from './tensor.js'

/**
 * Convolutions of maps so small that most of what the kernel reads is padding, as one matrix product per tap of the kernel:
 * only products with pixels that exist are computed, and the weights are used as they lie in memory. With TensorFlow 2.19 on
 * one core of an AMD EPYC, batch 32, 256 to 256 channels at 2x2: forward 2.0 ms instead of 5.4, gradient of the filter 2.3
 * instead of 5.4, of the input 3.0 instead of 4.2; with twice the output channels 3.1, 3.7 and 3.2 instead of 10.3, 16.5 and 8.1.
 */
interface Tap {
  /** Pixels of the input and of the output that this tap connects. */
  readonly pairs: readonly { readonly from: number; readonly to: number }[]
}

const largestSide = 2

/** Whether the taps are the better way on a CPU: dense, stride 1, 3x3, SAME. */
export function suitsTaps({ operation, inputShape, filterShape, stride, padding }: Omit<ConvolutionGeometry, 'byTaps'>): boolean {
  const [, height, width, channels] = inputShape
  const small = height <= largestSide && width <= largestSide
  return operation === 'Conv2D' && small && stride === 1 && padding === 'SAME' && filterShape[0] === 3 && filterShape[2] === channels
}

export function convolveByTaps(builder: GraphBuilder, geometry: ConvolutionGeometry, input: Tensor, filter: Tensor): Tensor {
  const [batch, height, width] = geometry.inputShape
  const pixels = pixelsOf(builder, input, geometry, geometry.filterShape[2])
  const weights = tapsOf(builder, filter, geometry)
  const products = tapList(geometry).flatMap(({ pairs }, tap) => {
    if (pairs.length === 0) return []
    const rows = stack(builder, pairs.map(({ from }) => pixels[from]))
    const parts = unstack(builder, matrixProduct(builder, rows, weights[tap], false, false), pairs.length)
    return pairs.map(({ to }, index) => ({ to, product: parts[index] }))
  })
  return assemble(builder, products, height * width, [batch, height, width, geometry.filterShape[3]])
}

/** Gradient with respect to the input. */
export function tapsInputGradient(builder: GraphBuilder, geometry: ConvolutionGeometry, filter: Tensor, gradient: Tensor): Tensor {
  const [, height, width] = geometry.inputShape
  const pixels = pixelsOf(builder, gradient, geometry, geometry.filterShape[3])
  const weights = tapsOf(builder, filter, geometry)
  const products = tapList(geometry).flatMap(({ pairs }, tap) => {
    if (pairs.length === 0) return []
    const rows = stack(builder, pairs.map(({ to }) => pixels[to]))
    const parts = unstack(builder, matrixProduct(builder, rows, weights[tap], false, true), pairs.length)
    return pairs.map(({ from }, index) => ({ to: from, product: parts[index] }))
  })
  return assemble(builder, products, height * width, geometry.inputShape)
}

export function tapsFilterGradient(builder: GraphBuilder, geometry: ConvolutionGeometry, input: Tensor, gradient: Tensor): Tensor {
  const from = pixelsOf(builder, input, geometry, geometry.filterShape[2])
  const to = pixelsOf(builder, gradient, geometry, geometry.filterShape[3])
  const all = tapList(geometry)
  const products = all.map(({ pairs }) => {
    if (pairs.length === 0) return null
    return matrixProduct(builder, stack(builder, pairs.map((pair) => from[pair.from])), stack(builder, pairs.map((pair) => to[pair.to])), true, false)
  })
  const known = products.find((product) => product !== null)!
  // Taps that reach nothing but padding have no gradient.
  const zeros = products.includes(null) ? subtract(builder, known, known) : known
  return reshape(builder, pack(builder, products.map((product) => product ?? zeros), 0), geometry.filterShape)
}

function tapList({ inputShape: [, height, width] }: ConvolutionGeometry): Tap[] {
  const taps: Tap[] = []
  for (const dy of [-1, 0, 1]) for (const dx of [-1, 0, 1]) taps.push({ pairs: pairsOf(height, width, dy, dx) })
  return taps
}

function pairsOf(height: number, width: number, dy: number, dx: number): Tap['pairs'] {
  const pairs: { from: number; to: number }[] = []
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = y + dy >= 0 && y + dy < height && x + dx >= 0 && x + dx < width
      if (inside) pairs.push({ from: (y + dy) * width + x + dx, to: y * width + x })
    }
  }
  return pairs
}

/** `[batch, height, width, channels]` to one `[batch, channels]` for each pixel. */
function pixelsOf(builder: GraphBuilder, map: Tensor, { inputShape: [, height, width] }: ConvolutionGeometry, channels: number): Tensor[] {
  const count = height * width
  const attributes = { num: integerAttribute(count), T: typeAttribute(map.dtype), axis: integerAttribute(1) }
  const inputs = [reshape(builder, map, [-1, count, channels])]
  return builder.nodeWithOutputs({ operation: 'Unpack', inputs, attributes }, Array<DataType>(count).fill(map.dtype))
}

/** Matrices `[in, out]` of the taps; along the first axis a filter is cut without a copy. */
function tapsOf(builder: GraphBuilder, filter: Tensor, { filterShape: [, , inputs, outputs] }: ConvolutionGeometry): Tensor[] {
  const matrices = reshape(builder, filter, [9, inputs, outputs])
  const attributes = { num: integerAttribute(9), T: typeAttribute(filter.dtype), axis: integerAttribute(0) }
  return builder.nodeWithOutputs({ operation: 'Unpack', inputs: [matrices], attributes }, Array<DataType>(9).fill(filter.dtype))
}

interface Product {
  readonly to: number
  readonly product: Tensor
}

/** The sum of the products for each pixel, put together to a map. */
function assemble(builder: GraphBuilder, products: readonly Product[], pixels: number, shape: readonly number[]): Tensor {
  const sums = Array.from({ length: pixels }, (_, pixel) => addAll(builder, products.filter(({ to }) => to === pixel).map(({ product }) => product)))
  return reshape(builder, pack(builder, sums, 1), shape)
}

function pack(builder: GraphBuilder, tensors: readonly Tensor[], axis: number): Tensor {
  const { dtype } = tensors[0]
  const attributes = { N: integerAttribute(tensors.length), T: typeAttribute(dtype), axis: integerAttribute(axis) }
  return builder.node({ operation: 'Pack', inputs: tensors, attributes }, dtype)
}

/** Below one another, `[count x batch, channels]`. */
function stack(builder: GraphBuilder, tensors: readonly Tensor[]): Tensor {
  if (tensors.length <= 1) return tensors[0]
  const { dtype } = tensors[0]
  const attributes = { N: integerAttribute(tensors.length), T: typeAttribute(dtype), Tidx: typeAttribute(DataType.DT_INT32) }
  return builder.node({ operation: 'ConcatV2', inputs: [...tensors, builder.integers(0)], attributes }, dtype)
}

function unstack(builder: GraphBuilder, x: Tensor, count: number): Tensor[] {
  if (count === 1) return [x]
  const attributes = { num_split: integerAttribute(count), T: typeAttribute(x.dtype) }
  return builder.nodeWithOutputs({ operation: 'Split', inputs: [builder.integers(0), x], attributes }, Array<DataType>(count).fill(x.dtype))
}

function matrixProduct(builder: GraphBuilder, a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  const attributes = { T: typeAttribute(a.dtype), transpose_a: booleanAttribute(transposeA), transpose_b: booleanAttribute(transposeB) }
  return builder.node({ operation: 'MatMul', inputs: [a, b], attributes }, a.dtype)
}
