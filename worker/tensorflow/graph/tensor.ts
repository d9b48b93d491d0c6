import type { DataType } from '../proto/gen/program.js'

/** One output of a node of a TensorFlow graph. */
export interface Tensor {
  readonly node: string
  readonly index: number
  readonly dtype: DataType
}

/** The name TensorFlow uses for a tensor when it is an input of a node: `node` or `node:1`. */
export function inputName(tensor: Tensor): string {
  return tensor.index === 0 ? tensor.node : `${tensor.node}:${tensor.index}`
}

/** The name TensorFlow uses for a tensor in a signature: always with its index. */
export function tensorName(tensor: Tensor): string {
  return `${tensor.node}:${tensor.index}`
}
