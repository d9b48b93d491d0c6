import type { Layer } from '../../../shared/network/layer-graph.js'
import { cast } from '../graph/arithmetic.js'
import type { Tensor } from '../graph/tensor.js'
import { DataType } from '../proto/gen/program.js'
import { isDepthwise } from '../variables.js'
import type { Emission, EmissionContext } from './emission.js'

const { DT_BFLOAT16, DT_FLOAT } = DataType

/** Channels that oneDNN's vectorized batch normalization of bfloat16 works on at once; it leaves other counts to a plain loop. */
const lanes = 16

/**
 * Whether a layer of a program in half precision computes in float32 all the same, between maps in half, because the CPU's
 * kernels in half are many times slower. Those are plain loops, in bfloat16 unless the processor has instructions for it; then
 * they still are for depthwise convolutions, which have no matrices to multiply, and for batch normalization of odd widths.
 */
export function isFasterInFloat32({ device, dtype }: Pick<EmissionContext, 'device' | 'dtype'>, layer: Layer): boolean {
  if (device === 'gpu' || dtype === DT_FLOAT) return false
  const vectorized = device === 'cpu_with_bfloat16' && dtype === DT_BFLOAT16
  switch (layer.kind) {
    case 'convolution':
      return !vectorized || isDepthwise(layer)
    case 'batch_normalization':
      return !vectorized || layer.output.channels % lanes !== 0
    default:
      return !vectorized && layer.kind === 'fully_connected'
  }
}

/** A layer of one input in float32 between layers in another type. */
export function emitInFloat32({ builder }: EmissionContext, input: Tensor, emit: (input: Tensor) => Emission): Emission {
  const { output, backward } = emit(cast(builder, input, DT_FLOAT))
  return {
    output: cast(builder, output, input.dtype),
    backward: backward && ((gradient, inputs) => backward(cast(builder, gradient, DT_FLOAT), inputs).map((toInput) => cast(builder, toInput, input.dtype))),
  }
}
