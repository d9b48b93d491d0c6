import { cast } from './graph/arithmetic.js'
import type { GraphBuilder } from './graph/graph-builder.js'
import type { Tensor } from './graph/tensor.js'
import type { Device, EmissionContext } from './layers/emission.js'
import { emitUpdate } from './optimizer.js'
import { computeType } from './precision.js'
import { DataType } from './proto/gen/program.js'
import type { StepOptions } from './training-step.js'
import { VariableReads, type VariableTable } from './variable-table.js'
import { momentumName, stepVariableName } from './variables.js'

const { DT_FLOAT } = DataType

interface Gradient {
  readonly name: string
  /** Float32, as master weights are. */
  readonly value: Tensor
  /** Readers of the variable that its update should wait for. */
  readonly after: readonly Tensor[]
}

/** What the layers of a training step ask for, and what is to become of the variables when all of them have been emitted. */
export class TrainingPass implements EmissionContext {
  readonly batch: number
  readonly device: Device
  readonly oneDnn: boolean
  readonly dtype: DataType
  readonly gradients: Gradient[] = []
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
    this.reads = new VariableReads(builder, table)
  }

  read(name: string, dtype: DataType = DT_FLOAT): Tensor {
    return this.reads.read(name, dtype)
  }

  gradient(name: string, gradient: Tensor, after: readonly Tensor[] = []): void {
    this.gradients.push({ name, value: cast(this.builder, gradient, DT_FLOAT), after })
  }

  assign(name: string, value: Tensor): void {
    this.statistics.push({ name, value })
  }

  /**
   * Updates, moving statistics and the step counter, each once `after` has run.
   * @param finished makes the gradient of the loss out of one that was collected
   */
  emitEffects(learningRate: Tensor, finished: (gradient: Tensor) => Tensor, after: readonly Tensor[]): Tensor[] {
    const { table, builder } = this
    const moved = this.statistics.map(({ name, value }) => table.get(name).assign(value, after))
    const updates = this.gradients.map((gradient) => this.update({ ...gradient, value: finished(gradient.value) }, learningRate, after))
    return [...moved, ...updates, table.get(stepVariableName).addInPlace(builder.floats(1), after)]
  }

  private update({ name, value, after: readers }: Gradient, learningRate: Tensor, after: readonly Tensor[]): Tensor {
    const { table, options } = this
    const velocity = table.get(momentumName(name))
    if (options.part === 'backward') return velocity.assign(value, after)
    const decay = table.specification(name).decay ? options.weightDecay : 0
    const variables = { variable: table.get(name), velocity, value: this.read(name) }
    return emitUpdate(this.builder, { ...variables, gradient: value, decay, after: [...readers, ...after] }, learningRate)
  }
}
