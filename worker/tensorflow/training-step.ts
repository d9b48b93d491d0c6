import type { LayerGraph } from '../../shared/network/layer-graph.js'
import { emitBackwardPass } from './backward-pass.js'
import { emitDone, emitIdentity } from './effects.js'
import { emitForwardPass } from './forward-pass.js'
import { pack, reduce } from './graph/arithmetic.js'
import type { GraphBuilder } from './graph/graph-builder.js'
import { ResourceVariable } from './graph/resource-variable.js'
import type { Tensor } from './graph/tensor.js'
import { emitImages } from './images.js'
import type { EmissionContext, GroupedConvolution } from './layers/emission.js'
import { emitCorrectCount, emitCrossEntropy, emitFiniteFlag, emitMeanGradient, emitTargets } from './loss.js'
import { emitUpdate } from './optimizer.js'
import { DataType } from './proto/gen/program.js'
import type { Signature } from './saved-model.js'
import { VariableReads, type VariableTable } from './variable-table.js'
import { momentumName, stepVariableName } from './variables.js'

const { DT_FLOAT, DT_INT32, DT_STRING } = DataType

/**
 * `forward` ends with the loss, `backward` with the gradients of all variables, which it leaves where the momentum is, `whole` with
 * their update. The gradients must go somewhere: TensorFlow leaves out what only has to have run, and with it the backward pass.
 */
export type StepPart = 'forward' | 'backward' | 'whole'

export interface StepOptions {
  readonly batch: number
  readonly weightDecay: number
  readonly labelSmoothing: number
  readonly groupedConvolution: GroupedConvolution
  readonly frozenStages: number
  readonly part: StepPart
}

/** The batch that the next step trains on. It stays on the device, so that a step can be timed without feeding. */
export interface ResidentBatch {
  readonly images: ResourceVariable
  readonly targets: ResourceVariable
}

export function residentBatch(builder: GraphBuilder, { resolution, classes }: LayerGraph, batch: number): ResidentBatch {
  return {
    images: new ResourceVariable(builder, 'batch/images', [batch, resolution, resolution, 3]),
    targets: new ResourceVariable(builder, 'batch/targets', [batch, classes]),
  }
}

/** Signature: bytes and labels in, decoded and normalized, they become the resident batch. */
export function emitLoadBatch(builder: GraphBuilder, graph: LayerGraph, resident: ResidentBatch, options: StepOptions): Signature {
  return builder.scope('load_batch', () => {
    const bytes = builder.placeholder('images', DT_STRING, [1])
    const labels = builder.placeholder('labels', DT_INT32, [options.batch])
    const images = resident.images.assign(emitImages(builder, bytes, options.batch, graph.resolution))
    const targets = resident.targets.assign(emitTargets(builder, labels, graph.classes, options.labelSmoothing))
    const done = emitDone(builder, [images, targets])
    return { inputs: { images: { tensor: bytes, shape: [1] }, labels: { tensor: labels, shape: [options.batch] } }, outputs: { done } }
  })
}

/** Signature: forward, backward and update on the resident batch; `metrics` = [mean loss, number correct, 1 if the loss is finite]. */
export function emitTrainStep(
  builder: GraphBuilder,
  graph: LayerGraph,
  resident: ResidentBatch,
  table: VariableTable,
  options: StepOptions,
): Signature {
  return builder.scope('train_step', () => {
    const learningRate = builder.placeholder('learning_rate', DT_FLOAT, [])
    const effects: Tensor[] = []
    const context = trainingContext(builder, table, options, learningRate, effects)
    const targets = resident.targets.read()
    const emissions = emitForwardPass(context, graph, resident.images.read(), ({ stage }) => (stage < options.frozenStages ? 'moving' : 'batch'))
    const logits = emissions[emissions.length - 1].output
    const entropy = emitCrossEntropy(builder, logits, targets)
    const loss = reduce(builder, 'Mean', entropy.losses, [0])
    if (options.part !== 'forward') {
      emitBackwardPass(context, graph, emissions, emitMeanGradient(builder, entropy, options.batch), options.frozenStages)
    }
    effects.push(table.get(stepVariableName).addInPlace(builder.floats(1)))
    const metrics = pack(builder, [loss, emitCorrectCount(builder, logits, targets), emitFiniteFlag(builder, loss)])
    const tensor = emitIdentity(builder, metrics, effects)
    return { inputs: { learning_rate: { tensor: learningRate, shape: [] } }, outputs: { metrics: { tensor, shape: [3] } } }
  })
}

function trainingContext(
  builder: GraphBuilder,
  table: VariableTable,
  options: StepOptions,
  learningRate: Tensor,
  effects: Tensor[],
): EmissionContext {
  const reads = new VariableReads(table)
  return {
    builder,
    batch: options.batch,
    groupedConvolution: options.groupedConvolution,
    read: (name) => reads.read(name),
    gradient: (name, gradient, after = []) => {
      const velocity = table.get(momentumName(name))
      if (options.part === 'backward') return void effects.push(velocity.assign(gradient))
      const decay = table.specification(name).decay ? options.weightDecay : 0
      const update = { variable: table.get(name), velocity, value: reads.read(name), gradient, decay, after }
      effects.push(emitUpdate(builder, update, learningRate))
    },
    assign: (name, value) => {
      effects.push(table.get(name).assign(value))
    },
  }
}
