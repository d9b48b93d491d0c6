import { cast } from './graph/arithmetic.js'
import type { GraphBuilder } from './graph/graph-builder.js'
import type { Tensor } from './graph/tensor.js'
import { packVector } from './graph/vector.js'
import type { Device, EmissionContext } from './layers/emission.js'
import { type PackedUpdate, emitPackedUpdate, emitUpdate } from './optimizer.js'
import { computeType } from './precision.js'
import { DataType } from './proto/gen/program.js'
import type { StepOptions } from './training-step.js'
import { VariableReads, type VariableTable } from './variable-table.js'
import { momentumName, stepVariableName } from './variables.js'

const { DT_FLOAT } = DataType

interface Gradient {
  readonly name: string
  readonly value: Tensor
  /** Readers of the variable that its update should wait for. */
  readonly after: readonly Tensor[]
}

/** Gradients that are finished and applied together. */
export interface GradientGroup {
  readonly members: readonly Gradient[]
  /** Float32, as master weights are: the gradient, or those of several members as one vector. */
  readonly value: Tensor
}

/** What the layers of a training step ask for, and what is to become of the variables when all of them have been emitted. */
export class TrainingPass implements EmissionContext {
  readonly batch: number
  readonly device: Device
  readonly oneDnn: boolean
  readonly dtype: DataType
  private readonly gradients: Gradient[] = []
  private readonly statistics: { readonly name: string; readonly value: Tensor }[] = []
  private readonly reads: VariableReads

  constructor(
    readonly builder: GraphBuilder,
    private readonly table: VariableTable,
    private readonly options: StepOptions,
  ) {
    this.batch = options.batch
    this.device = options.device
    this.oneDnn = options.oneDnn
    this.dtype = computeType(options.precision)
    this.reads = new VariableReads(builder, table, options.device)
  }

  read(name: string, dtype: DataType = DT_FLOAT): Tensor {
    return this.reads.read(name, dtype)
  }

  gradient(name: string, gradient: Tensor, after: readonly Tensor[] = []): void {
    this.gradients.push({ name, value: gradient, after })
  }

  assign(name: string, value: Tensor): void {
    this.statistics.push({ name, value })
  }

  /** All gradients: on GPUs those of one type with the same decay together, which spares thousands of launches in a second; else each alone. */
  gradientGroups(): GradientGroup[] {
    const { builder, gradients } = this
    if (this.device !== 'gpu' || this.options.part !== 'whole') return gradients.map((gradient) => this.alone(gradient))
    const keyOf = ({ name, value }: Gradient): string => `${this.decayOf(name)} ${value.dtype}`
    const groups = [...new Set(gradients.map(keyOf))].map((key) => gradients.filter((gradient) => keyOf(gradient) === key))
    return groups.map((members) => {
      if (members.length === 1) return this.alone(members[0])
      const vector = packVector(builder, members.map(({ value }) => value), members.map(({ name }) => this.table.get(name).shape))
      return { members, value: cast(builder, vector, DT_FLOAT) }
    })
  }

  /** Updates, moving statistics and the step counter, each once `after` has run. */
  emitEffects(groups: readonly GradientGroup[], learningRate: Tensor, after: readonly Tensor[]): Tensor[] {
    const { table, builder } = this
    const moved = this.statistics.map(({ name, value }) => table.get(name).assign(value, after))
    const updates = groups.flatMap((group) => this.update(group, learningRate, after))
    return [...moved, ...updates, table.get(stepVariableName).addInPlace(builder.floats(1), after)]
  }

  private alone(gradient: Gradient): GradientGroup {
    return { members: [gradient], value: cast(this.builder, gradient.value, DT_FLOAT) }
  }

  private update({ members, value: gradient }: GradientGroup, learningRate: Tensor, after: readonly Tensor[]): Tensor[] {
    const { builder } = this
    const [{ name, after: readers }] = members
    const updates = members.map((member) => this.stateOf(member))
    if (this.options.part === 'backward') return [updates[0].velocity.assign(gradient, after)]
    const decay = this.decayOf(name)
    if (members.length > 1) return emitPackedUpdate(builder, updates, gradient, decay, learningRate, after)
    return [emitUpdate(builder, { ...updates[0], gradient, decay, after: [...readers, ...after] }, learningRate)]
  }

  private stateOf({ name }: Gradient): PackedUpdate {
    return { variable: this.table.get(name), velocity: this.table.get(momentumName(name)), value: this.read(name) }
  }

  private decayOf(name: string): number {
    return this.table.specification(name).decay ? this.options.weightDecay : 0
  }
}
