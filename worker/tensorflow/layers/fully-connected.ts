import type { FullyConnectedLayer } from '../../../shared/network/layer-graph.js'
import { booleanAttribute, typeAttribute } from '../graph/attributes.js'
import type { GraphBuilder } from '../graph/graph-builder.js'
import type { Tensor } from '../graph/tensor.js'
import type { Emission, EmissionContext } from './emission.js'

/** [batch, in] x [in, out] + bias. */
export function emitFullyConnected(context: EmissionContext, layer: FullyConnectedLayer, input: Tensor): Emission {
  const { builder } = context
  const weight = context.read(`${layer.name}/weight`)
  const bias = context.read(`${layer.name}/bias`)
  const product = matrixProduct(builder, input, weight, false, false)
  const attributes = { T: typeAttribute(input.dtype) }
  return {
    output: builder.node({ operation: 'BiasAdd', inputs: [product, bias], attributes }, input.dtype),
    backward: (gradient, inputs) => {
      const toInput = inputs ? [matrixProduct(builder, gradient, weight, false, true)] : []
      context.gradient(`${layer.name}/weight`, matrixProduct(builder, input, gradient, true, false), toInput)
      context.gradient(`${layer.name}/bias`, builder.node({ operation: 'BiasAddGrad', inputs: [gradient], attributes }, gradient.dtype))
      return toInput
    },
  }
}

function matrixProduct(builder: GraphBuilder, a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  const attributes = { T: typeAttribute(a.dtype), transpose_a: booleanAttribute(transposeA), transpose_b: booleanAttribute(transposeB) }
  return builder.node({ operation: 'MatMul', inputs: [a, b], attributes }, a.dtype)
}
