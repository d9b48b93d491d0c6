import type { AttrValue, DataType, TensorProto, TensorShapeProto } from '../proto/gen/program.js'

/** Attributes of a node, by name; those that equal TensorFlow's default may be left out. */
export type Attributes = Readonly<Record<string, AttrValue>>

const utf8 = new TextEncoder()

export const typeAttribute = (type: DataType): AttrValue => ({ value: { $case: 'type', value: type } })
export const integerAttribute = (value: number): AttrValue => ({ value: { $case: 'i', value } })
export const integersAttribute = (i: readonly number[]): AttrValue => ({ value: { $case: 'list', value: { i: [...i] } } })
export const floatAttribute = (value: number): AttrValue => ({ value: { $case: 'f', value } })
export const booleanAttribute = (value: boolean): AttrValue => ({ value: { $case: 'b', value } })
export const stringAttribute = (value: string): AttrValue => ({ value: { $case: 's', value: utf8.encode(value) } })
export const shapeAttribute = (shape: readonly number[]): AttrValue => ({ value: { $case: 'shape', value: shapeProto(shape) } })
export const tensorAttribute = (value: TensorProto): AttrValue => ({ value: { $case: 'tensor', value } })

/** -1 stands for a dimension that is only known when the graph runs. */
export function shapeProto(shape: readonly number[]): TensorShapeProto {
  return { dim: shape.map((size) => ({ size })), unknownRank: false }
}
