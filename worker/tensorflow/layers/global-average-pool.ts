import type { FeatureShape } from '../../../shared/network/layer-graph.js'
import { cast, multiply, reduce, reshape } from '../graph/arithmetic.js'
import { typeAttribute } from '../graph/attributes.js'
import type { Tensor } from '../graph/tensor.js'
import { DataType } from '../proto/gen/program.js'
import type { Emission, EmissionContext } from './emission.js'

/** Mean over height and width, summed in float32: [batch, height, width, channels] of any type to float32 [batch, channels]. */
export function emitGlobalAveragePool({ builder, batch }: EmissionContext, input: Tensor, from: FeatureShape): Emission {
  const { height, width, channels } = from
  return {
    output: reduce(builder, 'Mean', cast(builder, input, DataType.DT_FLOAT), [1, 2]),
    backward: (gradient) => {
      // Scaled before it is spread, while it is small.
      const scaled = reshape(builder, multiply(builder, gradient, builder.floats(1 / (height * width))), [batch, 1, 1, channels])
      const attributes = { T: typeAttribute(input.dtype), Tidx: typeAttribute(DataType.DT_INT32) }
      const inputs = [cast(builder, scaled, input.dtype), builder.integers([batch, height, width, channels])]
      return [builder.node({ operation: 'BroadcastTo', inputs, attributes }, input.dtype)]
    },
  }
}
