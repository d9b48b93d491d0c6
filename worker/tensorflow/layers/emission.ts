import type { GraphBuilder } from '../graph/graph-builder.js'
import type { DataType } from '../proto/gen/program.js'
import type { Tensor } from '../graph/tensor.js'

/**
 * What a program is made for. On CPUs a convolution of a map of a few pixels is a few matrix products, and a grouped one (more than
 * one group, fewer than input channels) may be one convolution per group; on GPUs both are one operation, where every further
 * kernel costs its launch. In half precision a CPU leaves layers to float32, one with instructions for bfloat16 fewer of them:
 * see `float32-layers.ts`.
 */
export type Device = 'cpu' | 'cpu_with_bfloat16' | 'gpu'

/** Where a layer's nodes go, and what it may use there. */
export interface EmissionContext {
  readonly builder: GraphBuilder
  /** Images in a batch; -1 = known only when the graph runs (no gradients then). */
  readonly batch: number
  readonly device: Device
  /** Whether TensorFlow hands convolutions on CPUs to oneDNN, which has gradients of grouped ones; its own kernels have none. */
  readonly oneDnn: boolean
  /** Of feature maps, and of what convolutions and matrix products take. */
  readonly dtype: DataType
  /** The current value of a variable, float32 or in another type; one read per variable, however often it is asked for. */
  read(variable: string, dtype?: DataType): Tensor
  /** Called by a layer for each of its trainable variables, once, with a gradient of whatever type; `after` = readers of the variable that the update should wait for. */
  gradient(variable: string, gradient: Tensor, after?: readonly Tensor[]): void
  /** Called by batch normalization in training: the variable's next value. */
  assign(variable: string, value: Tensor): void
}

/** A layer's part of the forward pass, and how to emit its part of the backward pass. */
export interface Emission {
  readonly output: Tensor
  /** Null for a layer that no gradient ever passes (the image; moving statistics instead of the batch's own). */
  readonly backward: Backward | null
}

/**
 * Emits the gradient of the loss with respect to each input of the layer from that with respect to its output.
 * `inputs` false = nobody wants those of the inputs (the image, frozen stages); the answer is then empty.
 */
export type Backward = (gradient: Tensor, inputs: boolean) => readonly Tensor[]
