import { DataType } from '../proto/gen/program.js'
import { reshape } from './arithmetic.js'
import { integerAttribute, typeAttribute } from './attributes.js'
import type { GraphBuilder } from './graph-builder.js'
import type { Tensor } from './tensor.js'

/** The elements of two or more tensors of one type, one tensor after the other. @param shapes theirs */
export function packVector(builder: GraphBuilder, tensors: readonly Tensor[], shapes: readonly (readonly number[])[]): Tensor {
  const { dtype } = tensors[0]
  const attributes = { N: integerAttribute(tensors.length), T: typeAttribute(dtype), Tidx: typeAttribute(DataType.DT_INT32) }
  const flat = tensors.map((tensor, index) => (shapes[index].length === 1 ? tensor : reshape(builder, tensor, [-1])))
  return builder.node({ operation: 'ConcatV2', inputs: [...flat, builder.integers(0)], attributes }, dtype)
}

/** The reverse: tensors of the given shapes. */
export function unpackVector(builder: GraphBuilder, vector: Tensor, shapes: readonly (readonly number[])[]): Tensor[] {
  const { dtype } = vector
  const sizes = shapes.map((shape) => shape.reduce((product, size) => product * size, 1))
  const attributes = { num_split: integerAttribute(sizes.length), T: typeAttribute(dtype), Tlen: typeAttribute(DataType.DT_INT32) }
  const inputs = [vector, builder.integers(sizes), builder.integers(0)]
  const parts = builder.nodeWithOutputs({ operation: 'SplitV', inputs, attributes }, sizes.map(() => dtype))
  return parts.map((part, index) => (shapes[index].length === 1 ? part : reshape(builder, part, shapes[index])))
}
