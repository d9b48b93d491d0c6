import { emitDone } from './effects.js'
import { multiply, pack } from './graph/arithmetic.js'
import { typeAttribute } from './graph/attributes.js'
import type { GraphBuilder } from './graph/graph-builder.js'
import type { Tensor } from './graph/tensor.js'
import { DataType } from './proto/gen/program.js'
import type { Port, Signature } from './saved-model.js'
import type { VariableTable } from './variable-table.js'
import type { VariableSpecification } from './variables.js'

const { DT_FLOAT, DT_INT32 } = DataType

/** Signature: `seed` in, all variables get their first values; equal seeds give equal values. */
export function emitInitialization(builder: GraphBuilder, table: VariableTable, variables: readonly VariableSpecification[]): Signature {
  return builder.scope('init', () => {
    const seed = builder.placeholder('seed', DT_INT32, [])
    // The position keys the stream of a variable, so that what one draws does not depend on the others.
    const effects = variables.map((variable, position) => table.get(variable.name).assign(firstValue(builder, variable, seed, position)))
    return { inputs: { seed: { tensor: seed, shape: [] } }, outputs: { done: emitDone(builder, effects) } }
  })
}

/** Signature: all given variables out, each under its position in the list (node names in a call are limited by their total length). */
export function emitRead(builder: GraphBuilder, table: VariableTable, variables: readonly VariableSpecification[]): Signature {
  return builder.scope('read', () => {
    const ports = variables.map(({ name, shape }, position) => [`${position}`, { tensor: table.get(name).read([], `${position}`), shape }] as const)
    return { inputs: {}, outputs: Object.fromEntries(ports) }
  })
}

/** Signature: all given variables in, each under its position in the list. */
export function emitRestore(builder: GraphBuilder, table: VariableTable, variables: readonly VariableSpecification[]): Signature {
  return builder.scope('restore', () => {
    const ports = variables.map(({ shape }, position) => port(builder.placeholder(`${position}`, DT_FLOAT, shape), shape))
    const effects = variables.map(({ name }, position) => table.get(name).assign(ports[position].tensor))
    return { inputs: Object.fromEntries(ports.map((entry, position) => [`${position}`, entry])), outputs: { done: emitDone(builder, effects) } }
  })
}

function port(tensor: Tensor, shape: readonly number[]): Port {
  return { tensor, shape }
}

function firstValue(builder: GraphBuilder, { shape, initializer }: VariableSpecification, seed: Tensor, position: number): Tensor {
  const dimensions = shape.length === 0 ? undefined : builder.integers(shape)
  if (initializer.kind === 'constant') {
    const value = builder.floats(initializer.value)
    if (dimensions === undefined) return value
    const attributes = { T: typeAttribute(DT_FLOAT), index_type: typeAttribute(DT_INT32) }
    return builder.node({ operation: 'Fill', inputs: [dimensions, value], attributes }, DT_FLOAT)
  }
  if (dimensions === undefined) throw new Error('a random scalar is no variable of a network')
  const key = pack(builder, [seed, builder.integers(position)])
  const attributes = { dtype: typeAttribute(DT_FLOAT), T: typeAttribute(DT_INT32), Tseed: typeAttribute(DT_INT32) }
  const normal = builder.node({ operation: 'StatelessRandomNormal', inputs: [dimensions, key], attributes }, DT_FLOAT)
  return multiply(builder, normal, builder.floats(initializer.deviation))
}
