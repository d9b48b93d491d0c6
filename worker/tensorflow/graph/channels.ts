import { DataType } from '../proto/gen/program.js'
import { integerAttribute, typeAttribute } from './attributes.js'
import type { GraphBuilder } from './graph-builder.js'
import type { Tensor } from './tensor.js'

/** The last axis of a four-dimensional tensor: channels of NHWC feature maps, output channels of HWIO filters. */
const lastAxis = 3

export function concatenateChannels(builder: GraphBuilder, tensors: readonly Tensor[]): Tensor {
  const { dtype } = tensors[0]
  const attributes = { N: integerAttribute(tensors.length), T: typeAttribute(dtype), Tidx: typeAttribute(DataType.DT_INT32) }
  return builder.node({ operation: 'ConcatV2', inputs: [...tensors, builder.integers(lastAxis)], attributes }, dtype)
}

/** Equal parts. */
export function splitChannels(builder: GraphBuilder, x: Tensor, parts: number): Tensor[] {
  const attributes = { num_split: integerAttribute(parts), T: typeAttribute(x.dtype) }
  const inputs = [builder.integers(lastAxis), x]
  return builder.nodeWithOutputs({ operation: 'Split', inputs, attributes }, Array<DataType>(parts).fill(x.dtype))
}

/** Parts of the given sizes. */
export function splitChannelsBySize(builder: GraphBuilder, x: Tensor, sizes: readonly number[]): Tensor[] {
  const attributes = { num_split: integerAttribute(sizes.length), T: typeAttribute(x.dtype), Tlen: typeAttribute(DataType.DT_INT32) }
  const inputs = [x, builder.integers(sizes), builder.integers(lastAxis)]
  return builder.nodeWithOutputs({ operation: 'SplitV', inputs, attributes }, sizes.map(() => x.dtype))
}
