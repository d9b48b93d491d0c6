import type { Layer } from '../../../shared/network/layer-graph.js'
import { cast } from '../graph/arithmetic.js'
import type { Tensor } from '../graph/tensor.js'
import { DataType } from '../proto/gen/program.js'
import { isDepthwise } from '../variables.js'
import type { Emission, EmissionContext } from './emission.js'

const { DT_FLOAT, DT_HALF } = DataType

/** Channels that oneDNN's vectorized batch normalization of bfloat16 works on at once; it leaves other counts to a plain loop. */
const lanes = 16

/**
 * Whether a layer of a program in half precision computes in float32 all the same, between maps in half, because the CPU's
 * kernels are many times slower otherwise. In bfloat16: depthwise convolutions, which have nothing that tiles could multiply,
 * and batch normalization of odd widths. In float16: all of them, which oneDNN leaves to TensorFlow's plain loops.
 */
export function isFasterInFloat32({ device, dtype }: Pick<EmissionContext, 'device' | 'dtype'>, layer: Layer): boolean {
  if (device !== 'cpu' || dtype === DT_FLOAT) return false
  switch (layer.kind) {
    case 'convolution':
      return dtype === DT_HALF || isDepthwise(layer)
    case 'batch_normalization':
      return dtype === DT_HALF || layer.output.channels % lanes !== 0
    default:
      return dtype === DT_HALF && layer.kind === 'fully_connected'
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
