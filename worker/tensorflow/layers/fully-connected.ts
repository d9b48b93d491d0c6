import type { FullyConnectedLayer } from '../../../shared/network/layer-graph.js'
import { cast } from '../graph/arithmetic.js'
import { booleanAttribute, typeAttribute } from '../graph/attributes.js'
import type { GraphBuilder } from '../graph/graph-builder.js'
import type { Tensor } from '../graph/tensor.js'
import { DataType } from '../proto/gen/program.js'
import type { Emission, EmissionContext } from './emission.js'
import { isFasterInFloat32 } from './float32-layers.js'

/** [batch, in] x [in, out] + bias: float32 in, float32 out; only the product is in the type of the program. */
export function emitFullyConnected(context: EmissionContext, layer: FullyConnectedLayer, input: Tensor): Emission {
  const { builder } = context
  const { DT_FLOAT } = DataType
  const weight = context.read(`${layer.name}/weight`, isFasterInFloat32(context, layer) ? DT_FLOAT : context.dtype)
  const bias = context.read(`${layer.name}/bias`)
  const features = cast(builder, input, weight.dtype)
  const product = cast(builder, matrixProduct(builder, features, weight, false, false), DT_FLOAT)
  const attributes = { T: typeAttribute(DT_FLOAT) }
  return {
    output: builder.node({ operation: 'BiasAdd', inputs: [product, bias], attributes }, DT_FLOAT),
    backward: (gradient, inputs) => {
      const toProduct = cast(builder, gradient, weight.dtype)
      const toInput = inputs ? [cast(builder, matrixProduct(builder, toProduct, weight, false, true), DT_FLOAT)] : []
      context.gradient(`${layer.name}/weight`, matrixProduct(builder, features, toProduct, true, false), toInput)
      context.gradient(`${layer.name}/bias`, builder.node({ operation: 'BiasAddGrad', inputs: [gradient], attributes }, gradient.dtype))
      return toInput
    },
  }
}

function matrixProduct(builder: GraphBuilder, a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  const attributes = { T: typeAttribute(a.dtype), transpose_a: booleanAttribute(transposeA), transpose_b: booleanAttribute(transposeB) }
  return builder.node({ operation: 'MatMul', inputs: [a, b], attributes }, a.dtype)
}
