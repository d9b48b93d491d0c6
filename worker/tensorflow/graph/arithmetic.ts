import { DataType } from '../proto/gen/program.js'
import { booleanAttribute, integerAttribute, typeAttribute } from './attributes.js'
import type { GraphBuilder } from './graph-builder.js'
import type { Tensor } from './tensor.js'

/** Element-wise operations, with broadcasting; both operands of one type. */
export function add(builder: GraphBuilder, a: Tensor, b: Tensor): Tensor {
  return binary(builder, 'AddV2', a, b)
}

export function multiply(builder: GraphBuilder, a: Tensor, b: Tensor): Tensor {
  return binary(builder, 'Mul', a, b)
}

export function subtract(builder: GraphBuilder, a: Tensor, b: Tensor): Tensor {
  return binary(builder, 'Sub', a, b)
}

/** Sum of one or more tensors of one shape. */
export function addAll(builder: GraphBuilder, tensors: readonly Tensor[]): Tensor {
  if (tensors.length === 1) return tensors[0]
  if (tensors.length === 2) return add(builder, tensors[0], tensors[1])
  const { dtype } = tensors[0]
  return builder.node({ operation: 'AddN', inputs: tensors, attributes: { N: integerAttribute(tensors.length), T: typeAttribute(dtype) } }, dtype)
}

export function cast(builder: GraphBuilder, x: Tensor, dtype: DataType): Tensor {
  if (x.dtype === dtype) return x
  return builder.node({ operation: 'Cast', inputs: [x], attributes: { SrcT: typeAttribute(x.dtype), DstT: typeAttribute(dtype) } }, dtype)
}

/** The same bits as another type; where that is smaller, its parts become a new last dimension. */
export function bitcast(builder: GraphBuilder, x: Tensor, dtype: DataType): Tensor {
  return builder.node({ operation: 'Bitcast', inputs: [x], attributes: { T: typeAttribute(x.dtype), type: typeAttribute(dtype) } }, dtype)
}

/** Sum or mean over the given axes, which vanish. */
export function reduce(builder: GraphBuilder, operation: 'Sum' | 'Mean', x: Tensor, axes: readonly number[]): Tensor {
  const attributes = { T: typeAttribute(x.dtype), Tidx: typeAttribute(DataType.DT_INT32), keep_dims: booleanAttribute(false) }
  return builder.node({ operation, inputs: [x, builder.integers(axes)], attributes }, x.dtype)
}

export function reshape(builder: GraphBuilder, x: Tensor, shape: readonly number[]): Tensor {
  const attributes = { T: typeAttribute(x.dtype), Tshape: typeAttribute(DataType.DT_INT32) }
  return builder.node({ operation: 'Reshape', inputs: [x, builder.integers(shape)], attributes }, x.dtype)
}

/** Index of the largest value of each row, int32. */
export function argMax(builder: GraphBuilder, x: Tensor): Tensor {
  const { DT_INT32 } = DataType
  const attributes = { T: typeAttribute(x.dtype), Tidx: typeAttribute(DT_INT32), output_type: typeAttribute(DT_INT32) }
  return builder.node({ operation: 'ArgMax', inputs: [x, builder.integers(1)], attributes }, DT_INT32)
}

/** Stacks scalars to a vector. */
export function pack(builder: GraphBuilder, scalars: readonly Tensor[], name?: string): Tensor {
  const { dtype } = scalars[0]
  const attributes = { N: integerAttribute(scalars.length), T: typeAttribute(dtype), axis: integerAttribute(0) }
  return builder.node({ operation: 'Pack', inputs: scalars, attributes, ...(name === undefined ? {} : { name }) }, dtype)
}

function binary(builder: GraphBuilder, operation: string, a: Tensor, b: Tensor): Tensor {
  return builder.node({ operation, inputs: [a, b], attributes: { T: typeAttribute(a.dtype) } }, a.dtype)
}
