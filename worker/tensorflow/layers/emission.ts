import type { GraphBuilder } from '../graph/graph-builder.js'
import type { Tensor } from '../graph/tensor.js'

/**
 * How grouped convolutions (more than one group, fewer than input channels) are emitted: `native` as one grouped Conv2D,
 * whose gradients exist on GPUs only; `split` as one convolution per group, for CPUs.
 */
export type GroupedConvolution = 'native' | 'split'

/** Where a layer's nodes go, and what it may use there. */
export interface EmissionContext {
  readonly builder: GraphBuilder
  /** Images in a batch; -1 = known only when the graph runs (no gradients then). */
  readonly batch: number
  readonly groupedConvolution: GroupedConvolution
  /** The current value of a variable, float32; one read per variable, however often it is asked for. */
  read(variable: string): Tensor
  /** The same in the type that convolutions and matrix products compute in. */
  operand(variable: string): Tensor
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
