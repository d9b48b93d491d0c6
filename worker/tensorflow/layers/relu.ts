import { typeAttribute } from '../graph/attributes.js'
import type { Tensor } from '../graph/tensor.js'
import type { Emission, EmissionContext } from './emission.js'

export function emitRelu({ builder }: EmissionContext, input: Tensor): Emission {
  const attributes = { T: typeAttribute(input.dtype) }
  const output = builder.node({ operation: 'Relu', inputs: [input], attributes }, input.dtype)
  // The gradient is masked by the output, so that the input's memory can be given back.
  const backward = (gradient: Tensor) => [builder.node({ operation: 'ReluGrad', inputs: [gradient, output], attributes }, input.dtype)]
  return { output, backward }
}
