import { DataType, type GraphDef, type NodeDef } from '../proto/gen/program.js'
import { type Attributes, shapeAttribute, shapeProto, tensorAttribute, typeAttribute } from './attributes.js'
import { type Tensor, inputName } from './tensor.js'

/** A node to be emitted; its name is the builder's scope and `name` (the operation where absent), made unique. */
export interface NodeSpecification {
  readonly operation: string
  readonly name?: string
  readonly inputs?: readonly Tensor[]
  /** Nodes that must have run before this one, although it reads nothing of theirs. */
  readonly after?: readonly Tensor[]
  readonly attributes?: Attributes
}

/** Version of the graph format that TensorFlow 2.19 writes. */
const graphVersion = 2129

/** Collects the nodes of a TensorFlow graph. Pure data: nothing is run and no TensorFlow is needed. */
export class GraphBuilder {
  private readonly nodes: NodeDef[] = []
  private readonly uses = new Map<string, number>()
  private readonly constants = new Map<string, Tensor>()
  private prefix = ''

  /** Emits a node with one output. */
  node(specification: NodeSpecification, dtype: DataType): Tensor {
    return this.nodeWithOutputs(specification, [dtype])[0]
  }

  /** Emits a node with several outputs, of the given types. */
  nodeWithOutputs(specification: NodeSpecification, dtypes: readonly DataType[]): Tensor[] {
    const name = this.add(specification)
    return dtypes.map((dtype, index) => ({ node: name, index, dtype }))
  }

  /** Emits a node that is only run for its effect; the tensor stands for it in `after`. */
  effect(specification: NodeSpecification): Tensor {
    return { node: this.add(specification), index: 0, dtype: DataType.DT_INVALID }
  }

  /** Nodes emitted by `body` get `scope/` before their names. */
  scope<T>(scope: string, body: () => T): T {
    const outer = this.prefix
    this.prefix = `${outer}${scope}/`
    try {
      return body()
    } finally {
      this.prefix = outer
    }
  }

  /** A float32 scalar, or a vector of the given values. */
  floats(values: number | readonly number[]): Tensor {
    const list = typeof values === 'number' ? [values] : [...values]
    return this.constant(DataType.DT_FLOAT, typeof values === 'number' ? [] : [list.length], list, [])
  }

  /** An int32 scalar, or a vector of the given values. */
  integers(values: number | readonly number[]): Tensor {
    const list = typeof values === 'number' ? [values] : [...values]
    return this.constant(DataType.DT_INT32, typeof values === 'number' ? [] : [list.length], [], list)
  }

  /** An int32 matrix of the given rows. */
  integerMatrix(rows: readonly (readonly number[])[]): Tensor {
    return this.constant(DataType.DT_INT32, [rows.length, rows[0].length], [], rows.flat())
  }

  /** An input of a signature. */
  placeholder(name: string, dtype: DataType, shape: readonly number[]): Tensor {
    return this.node({ operation: 'Placeholder', name, attributes: { dtype: typeAttribute(dtype), shape: shapeAttribute(shape) } }, dtype)
  }

  graphDef(): GraphDef {
    return { node: this.nodes, versions: { producer: graphVersion, minConsumer: 0 } }
  }

  /** Equal constants share one node: graphs stay small, and TensorFlow has less to fold when it loads them. */
  private constant(dtype: DataType, shape: readonly number[], floatVal: number[], intVal: number[]): Tensor {
    const key = `${dtype} ${shape.join()} ${floatVal.join()} ${intVal.join()}`
    const known = this.constants.get(key)
    if (known !== undefined) return known
    const value = tensorAttribute({ dtype, tensorShape: shapeProto(shape), floatVal, intVal })
    const name = this.push(`constant/${this.constants.size}`, { operation: 'Const', attributes: { dtype: typeAttribute(dtype), value } })
    const tensor = { node: name, index: 0, dtype }
    this.constants.set(key, tensor)
    return tensor
  }

  private add(specification: NodeSpecification): string {
    return this.push(this.unique(`${this.prefix}${specification.name ?? specification.operation}`), specification)
  }

  private push(name: string, { operation, inputs = [], after = [], attributes = {} }: NodeSpecification): string {
    // Control inputs come last and once each, as TensorFlow demands.
    const control = new Set(after.map((tensor) => `^${tensor.node}`))
    this.nodes.push({ name, op: operation, input: [...inputs.map(inputName), ...control], device: '', attr: { ...attributes } })
    return name
  }

  private unique(name: string): string {
    const used = this.uses.get(name) ?? 0
    this.uses.set(name, used + 1)
    return used === 0 ? name : this.unique(`${name}_${used}`)
  }
}
