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
 * Whether a layer of a bfloat16 program computes in float32 all the same, because the CPU's kernels in bfloat16 are several
 * times slower: depthwise convolutions, which have nothing that tiles could multiply, and batch normalization of odd widths.
 */
export function isFasterInFloat32({ device, dtype }: EmissionContext, layer: Layer): boolean {
  if (device !== 'cpu' || dtype !== DT_BFLOAT16) return false
  if (layer.kind === 'convolution') return isDepthwise(layer)
  return layer.kind === 'batch_normalization' && layer.output.channels % lanes !== 0
}

/** A layer of one input in float32 between layers in another type. */
export function emitInFloat32({ builder }: EmissionContext, input: Tensor, emit: (input: Tensor) => Emission): Emission {
  const { output, backward } = emit(cast(builder, input, DT_FLOAT))
  return {
    output: cast(builder, output, input.dtype),
    backward: backward && ((gradient, inputs) => backward(cast(builder, gradient, DT_FLOAT), inputs).map((toInput) => cast(builder, toInput, input.dtype))),
  }
}
