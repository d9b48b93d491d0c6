import { cast } from './graph/arithmetic.js'
import type { GraphBuilder } from './graph/graph-builder.js'
import { ResourceVariable } from './graph/resource-variable.js'
import type { Tensor } from './graph/tensor.js'
import type { DataType } from './proto/gen/program.js'
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

/** Reads of variables within one signature: one node each, so that all its users see the value before any update. */
export class VariableReads {
  private readonly reads = new Map<string, Tensor>()
  private readonly casts = new Map<string, Tensor>()

  constructor(
    private readonly builder: GraphBuilder,
    private readonly table: VariableTable,
  ) {}

  read(name: string): Tensor {
    const known = this.reads.get(name)
    if (known !== undefined) return known
    const read = this.table.get(name).read()
    this.reads.set(name, read)
    return read
  }

  /** The same in another type, in which a signature asks for it. */
  readAs(name: string, dtype: DataType): Tensor {
    const known = this.casts.get(name)
    if (known !== undefined) return known
    const converted = cast(this.builder, this.read(name), dtype)
    this.casts.set(name, converted)
    return converted
  }
}
