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

/**
 * Signature: all variables get their first values; equal seeds give equal values. The numbers `zero` and `one` are fed too:
 * TensorFlow turns what is filled with a constant into a constant of full size, which stays in memory with the session.
 */
export function emitInitialization(builder: GraphBuilder, table: VariableTable, variables: readonly VariableSpecification[]): Signature {
  return builder.scope('init', () => {
    const seed = builder.placeholder('seed', DT_INT32, [])
    const zero = builder.placeholder('zero', DT_FLOAT, [])
    const one = builder.placeholder('one', DT_FLOAT, [])
    const firstValue = ({ shape, initializer }: VariableSpecification, position: number): Tensor => {
      // The position keys the stream of a variable, so that what one draws does not depend on the others.
      if (initializer.kind === 'normal') return randomNormal(builder, shape, pack(builder, [seed, builder.integers(position)]), initializer.deviation)
      if (initializer.kind === 'scalar') return builder.floats(initializer.value)
      return filled(builder, shape, initializer.kind === 'zeros' ? zero : one)
    }
    const effects = variables.map((variable, position) => table.get(variable.name).assign(firstValue(variable, position)))
    return { inputs: { seed: port(seed, []), zero: port(zero, []), one: port(one, []) }, outputs: { done: emitDone(builder, effects) } }
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

function filled(builder: GraphBuilder, shape: readonly number[], value: Tensor): Tensor {
  if (shape.length === 0) return value
  const attributes = { T: typeAttribute(DT_FLOAT), index_type: typeAttribute(DT_INT32) }
  return builder.node({ operation: 'Fill', inputs: [builder.integers(shape), value], attributes }, DT_FLOAT)
}

function randomNormal(builder: GraphBuilder, shape: readonly number[], key: Tensor, deviation: number): Tensor {
  const attributes = { dtype: typeAttribute(DT_FLOAT), T: typeAttribute(DT_INT32), Tseed: typeAttribute(DT_INT32) }
  const normal = builder.node({ operation: 'StatelessRandomNormal', inputs: [builder.integers(shape), key], attributes }, DT_FLOAT)
  return multiply(builder, normal, builder.floats(deviation))
}
