import { DataType } from '../proto/gen/program.js'
import { booleanAttribute, shapeAttribute, stringAttribute, typeAttribute } from './attributes.js'
import type { GraphBuilder } from './graph-builder.js'
import type { Tensor } from './tensor.js'

/** A variable that lives in the session, and the operations on it. */
export class ResourceVariable {
  readonly handle: Tensor

  constructor(
    private readonly builder: GraphBuilder,
    readonly name: string,
    readonly shape: readonly number[],
    readonly dtype: DataType = DataType.DT_FLOAT,
  ) {
    const attributes = {
      dtype: typeAttribute(dtype),
      shape: shapeAttribute(shape),
      shared_name: stringAttribute(name),
      container: stringAttribute(''),
    }
    this.handle = builder.node({ operation: 'VarHandleOp', name: `variable/${name}`, attributes }, DataType.DT_RESOURCE)
  }

  /** The value when this node runs. On the CPU it is the variable's own memory, not a copy. */
  read(after: readonly Tensor[] = [], name?: string): Tensor {
    const attributes = { dtype: typeAttribute(this.dtype) }
    const specification = { operation: 'ReadVariableOp', inputs: [this.handle], after, attributes }
    return this.builder.node(name === undefined ? specification : { ...specification, name }, this.dtype)
  }

  assign(value: Tensor, after: readonly Tensor[] = []): Tensor {
    const attributes = { dtype: typeAttribute(this.dtype), validate_shape: booleanAttribute(true) }
    return this.builder.effect({ operation: 'AssignVariableOp', inputs: [this.handle, value], after, attributes })
  }

  addInPlace(value: Tensor, after: readonly Tensor[] = []): Tensor {
    const attributes = { dtype: typeAttribute(this.dtype) }
    return this.builder.effect({ operation: 'AssignAddVariableOp', inputs: [this.handle, value], after, attributes })
  }
}
