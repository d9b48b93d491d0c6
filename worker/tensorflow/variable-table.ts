import { cast } from './graph/arithmetic.js'
import type { GraphBuilder } from './graph/graph-builder.js'
import { ResourceVariable } from './graph/resource-variable.js'
import type { Tensor } from './graph/tensor.js'
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

  private entry(name: string) {
    const entry = this.entries.get(name)
    if (entry === undefined) throw new Error(`program has no variable ${name}`)
    return entry
  }
}

/** Reads of variables within one signature: one node for each type, so that all its users see the value before any update. */
export class VariableReads {
  private readonly reads = new Map<string, Tensor>()

  constructor(
    private readonly builder: GraphBuilder,
    private readonly table: VariableTable,
  ) {}

  /** @param dtype type to read it in; absent = float32, as it is kept */
  read(name: string, dtype: DataType = DataType.DT_FLOAT): Tensor {
    const key = `${name} ${dtype}`
    const known = this.reads.get(key)
    if (known !== undefined) return known
    const read = dtype === DataType.DT_FLOAT ? this.table.get(name).read() : cast(this.builder, this.read(name), dtype)
    this.reads.set(key, read)
    return read
  }
}
