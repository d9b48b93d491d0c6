import type { LayerGraph } from '../../shared/network/layer-graph.js'
import type { Precision } from '../../shared/training/specification.js'
import { InvalidInputError } from '../../shared/errors.js'
import { emitEvaluationStep } from './evaluation-step.js'
import { GraphBuilder } from './graph/graph-builder.js'
import type { Device } from './layers/emission.js'
import type { GraphDef } from './proto/gen/program.js'
import { type Signature, encodeSavedModel } from './saved-model.js'
import { type StepOptions, type StepPart, emitLoadBatch, emitTrainStep, residentBatch } from './training-step.js'
import { VariableTable } from './variable-table.js'
import { emitInitialization, emitRead, emitRestore } from './variable-transfer.js'
import { type VariableSpecification, networkVariables, optimizerVariables } from './variables.js'

export interface ProgramOptions {
  /** Images in a training batch, fixed for the program; evaluation takes any number. */
  readonly batch: number
  /** L2 decay of the weights of convolutions and of the fully connected layer; default 0. */
  readonly weightDecay?: number
  /** Share of a label that is spread over all classes, 0 to below 1; default 0. */
  readonly labelSmoothing?: number
  /** What the passes compute in; default float32. */
  readonly precision?: Precision
  /** Default `cpu`, whose programs run everywhere. */
  readonly device?: Device
  /** Whether TensorFlow hands convolutions on CPUs to oneDNN; default false, whose programs run everywhere. */
  readonly oneDnn?: boolean
  /** Stages (0 = stem) that keep their weights and moving statistics; default 0 = everything is trained. */
  readonly frozenStages?: number
  /** How far a training step goes; default `whole`. The others are for timing the parts of a step. */
  readonly part?: StepPart
}

export type { StepPart } from './training-step.js'

/** Names of the entry points of a program. */
export type SignatureName = 'init' | 'load_batch' | 'train_step' | 'eval_step' | 'read' | 'restore'

/** A compiled network: all that a session needs, and nothing but data. */
export interface TrainingProgram {
  readonly graph: LayerGraph
  readonly options: Required<ProgramOptions>
  /** All variables: those of the network in layer order, then the optimizer's. Ports of `read` and `restore` go by the position here. */
  readonly variables: readonly VariableSpecification[]
  readonly graphDef: GraphDef
  readonly signatures: Readonly<Record<SignatureName, Signature>>
}

/**
 * Compiles a network to a TensorFlow program: forward and backward pass, loss, optimizer and evaluation as one graph with
 * six entry points. Pure; takes milliseconds and needs no TensorFlow.
 * @throws InvalidInputError for options out of range
 */
export function buildTrainingProgram(graph: LayerGraph, options: ProgramOptions): TrainingProgram {
  const complete = completeOptions(graph, options)
  const builder = new GraphBuilder()
  const network = networkVariables(graph, complete.frozenStages)
  const variables = [...network, ...optimizerVariables(network)]
  const table = new VariableTable(builder, variables)
  const resident = residentBatch(builder, graph, complete)
  const signatures = {
    init: emitInitialization(builder, table, variables),
    load_batch: emitLoadBatch(builder, graph, resident, complete),
    train_step: emitTrainStep(builder, graph, resident, table, complete),
    eval_step: emitEvaluationStep(builder, graph, table, complete),
    read: emitRead(builder, table, variables),
    restore: emitRestore(builder, table, variables),
  }
  return { graph, options: complete, variables, graphDef: builder.graphDef(), signatures }
}

/** Bytes of the program's `saved_model.pb`. */
export function savedModelOf({ graphDef, signatures }: TrainingProgram): Uint8Array {
  return encodeSavedModel(graphDef, signatures)
}

/** The same without the graph: the entry points alone. */
export function entryPointsOf({ signatures }: TrainingProgram): Uint8Array {
  return encodeSavedModel({ node: [], versions: undefined }, signatures)
}

function completeOptions(graph: LayerGraph, options: ProgramOptions): StepOptions {
  const { batch, weightDecay = 0, labelSmoothing = 0, precision = 'float32', device = 'cpu', oneDnn = false, frozenStages = 0, part = 'whole' } = options
  const head = graph.layers[graph.layers.length - 1].stage
  require(Number.isInteger(batch) && batch >= 1, `batch must be a positive integer, got ${batch}`)
  require(weightDecay >= 0 && Number.isFinite(weightDecay), `weight decay must be a number from 0, got ${weightDecay}`)
  require(labelSmoothing >= 0 && labelSmoothing < 1, `label smoothing must be from 0 to below 1, got ${labelSmoothing}`)
  const stages = Number.isInteger(frozenStages) && frozenStages >= 0 && frozenStages <= head
  require(stages, `frozen stages must be an integer from 0 to ${head} (the head is always trained), got ${frozenStages}`)
  return { batch, weightDecay, labelSmoothing, precision, device, oneDnn, frozenStages, part }
}

function require(condition: boolean, message: string): void {
  if (!condition) throw new InvalidInputError(message)
}
