import { cast } from './graph/arithmetic.js'
import type { GraphBuilder } from './graph/graph-builder.js'
import { ResourceVariable } from './graph/resource-variable.js'
import type { Tensor } from './graph/tensor.js'
import { packVector, unpackVector } from './graph/vector.js'
import type { Device } from './layers/emission.js'
import { DataType } from './proto/gen/program.js'
import type { VariableSpecification } from './variables.js'

/** The variables of a program, by name. */
export class VariableTable {
  private readonly entries: ReadonlyMap<string, { readonly variable: ResourceVariable; readonly specification: VariableSpecification }>

  constructor(builder: GraphBuilder, specifications: readonly VariableSpecification[]) {
    this.entries = new Map(
      specifications.map((specification) => {
        const { name, shape } = specification
        return [name, { variable: new ResourceVariable(builder, name, shape), specification }]
      }),
    )
  }

  get(name: string): ResourceVariable {
    return this.entry(name).variable
  }

  specification(name: string): VariableSpecification {
    return this.entry(name).specification
  }

  /** Names of all weights, which half precision is read of. */
  weights(): string[] {
    return [...this.entries].filter(([, { specification }]) => specification.kind === 'weight').map(([name]) => name)
  }

  private entry(name: string) {
    const entry = this.entries.get(name)
    if (entry === undefined) throw new Error(`program has no variable ${name}`)
    return entry
  }
}

/** Reads of variables within one signature: one node for each type, so that all its users see the value before any update. */
export class VariableReads {
  private readonly reads = new Map<string, Tensor>()

  /** @param device on GPUs weights become half precision all at once, which spares launches */
  constructor(
    private readonly builder: GraphBuilder,
    private readonly table: VariableTable,
    private readonly device: Device,
  ) {}

  /** @param dtype type to read it in; absent = float32, as it is kept */
  read(name: string, dtype: DataType = DataType.DT_FLOAT): Tensor {
    const key = keyOf(name, dtype)
    if (!this.reads.has(key)) this.emit(name, dtype)
    return this.reads.get(key)!
  }

  private emit(name: string, dtype: DataType): void {
    if (dtype === DataType.DT_FLOAT) this.reads.set(keyOf(name, dtype), this.table.get(name).read())
    else if (this.device === 'gpu') this.castTogether(this.table.weights(), dtype)
    else this.reads.set(keyOf(name, dtype), cast(this.builder, this.read(name), dtype))
  }

  private castTogether(names: readonly string[], dtype: DataType): void {
    const { builder, table } = this
    const shapes = names.map((name) => table.get(name).shape)
    const vector = packVector(builder, names.map((name) => this.read(name)), shapes)
    unpackVector(builder, cast(builder, vector, dtype), shapes).forEach((part, index) => this.reads.set(keyOf(names[index], dtype), part))
  }
}

function keyOf(name: string, dtype: DataType): string {
  return `${name} ${dtype}`
}
