import { typeAttribute } from './graph/attributes.js'
import type { GraphBuilder } from './graph/graph-builder.js'
import type { Tensor } from './graph/tensor.js'
import type { Port } from './saved-model.js'

/** A port to fetch so that the given effects happen; a session run through tfjs-node has no other way to name them. */
export function emitDone(builder: GraphBuilder, effects: readonly Tensor[]): Port {
  return { tensor: emitIdentity(builder, builder.floats(1), effects), shape: [] }
}

/** The input, once the given effects have happened. */
export function emitIdentity(builder: GraphBuilder, input: Tensor, after: readonly Tensor[]): Tensor {
  return builder.node({ operation: 'Identity', inputs: [input], after, attributes: { T: typeAttribute(input.dtype) } }, input.dtype)
}
