import type { LayerGraph } from '../../shared/network/layer-graph.js'
import type { Precision } from '../../shared/training/specification.js'
import { emitBackwardPass } from './backward-pass.js'
import { emitDone, emitIdentity } from './effects.js'
import { emitForwardPass } from './forward-pass.js'
import { cast, multiply, pack, reduce, subtract } from './graph/arithmetic.js'
import type { GraphBuilder } from './graph/graph-builder.js'
import { Guard } from './graph/guard.js'
import { ResourceVariable } from './graph/resource-variable.js'
import type { Tensor } from './graph/tensor.js'
import { emitImageFeed, emitImages } from './images.js'
import type { Device } from './layers/emission.js'
import { emitCorrectCount, emitCrossEntropy, emitIsFinite, emitMeanGradient, emitTargets } from './loss.js'
import { LossScale, emitAllFinite } from './loss-scale.js'
import { computeType, needsLossScale } from './precision.js'
import { DataType } from './proto/gen/program.js'
import type { Signature } from './saved-model.js'
import { TrainingPass } from './training-pass.js'
import type { VariableTable } from './variable-table.js'

const { DT_FLOAT, DT_INT32 } = DataType

/**
 * `forward` ends with the loss, `backward` with the gradients of all variables, which it leaves where the momentum is, `whole` with
 * their update. The gradients must go somewhere: TensorFlow leaves out what only has to have run, and with it the backward pass.
 */
export type StepPart = 'forward' | 'backward' | 'whole'

export interface StepOptions {
  readonly batch: number
  readonly weightDecay: number
  readonly labelSmoothing: number
  readonly precision: Precision
  readonly device: Device
  readonly oneDnn: boolean
  readonly frozenStages: number
  readonly part: StepPart
}

/** The batch that the next step trains on. It stays on the device, so that a step can be timed without feeding. */
export interface ResidentBatch {
  readonly images: ResourceVariable
  readonly targets: ResourceVariable
}

export function residentBatch(builder: GraphBuilder, { resolution, classes }: LayerGraph, { batch, precision }: StepOptions): ResidentBatch {
  return {
    images: new ResourceVariable(builder, 'batch/images', [batch, resolution, resolution, 3], computeType(precision)),
    targets: new ResourceVariable(builder, 'batch/targets', [batch, classes]),
  }
}

/** Signature: bytes and labels in, decoded and normalized, they become the resident batch. */
export function emitLoadBatch(builder: GraphBuilder, graph: LayerGraph, resident: ResidentBatch, options: StepOptions): Signature {
  return builder.scope('load_batch', () => {
    const fed = emitImageFeed(builder, options.batch, graph.resolution)
    const labels = builder.placeholder('labels', DT_INT32, [options.batch])
    const images = resident.images.assign(emitImages(builder, fed, graph.resolution, computeType(options.precision)))
    const targets = resident.targets.assign(emitTargets(builder, labels, graph.classes, options.labelSmoothing))
    const done = emitDone(builder, [images, targets])
    return { inputs: { images: fed, labels: { tensor: labels, shape: [options.batch] } }, outputs: { done } }
  })
}

/**
 * Signature: forward, backward and update on the resident batch; `metrics` = [mean loss, number correct, 1 if the step was
 * skipped, 1 if the training has diverged].
 */
export function emitTrainStep(
  builder: GraphBuilder,
  graph: LayerGraph,
  resident: ResidentBatch,
  table: VariableTable,
  options: StepOptions,
): Signature {
  return builder.scope('train_step', () => {
    const learningRate = builder.placeholder('learning_rate', DT_FLOAT, [])
    const pass = new TrainingPass(builder, table, options)
    const emissions = emitForwardPass(pass, graph, resident.images.read(), ({ stage }) => (stage < options.frozenStages ? 'moving' : 'batch'))
    const logits = emissions[emissions.length - 1].output
    const targets = resident.targets.read()
    const entropy = emitCrossEntropy(builder, logits, targets)
    const loss = reduce(builder, 'Mean', entropy.losses, [0])
    const lossScale = needsLossScale(options.precision) ? new LossScale(builder, table) : null
    if (options.part !== 'forward') {
      const gradient = emitMeanGradient(builder, entropy, options.batch)
      emitBackwardPass(pass, graph, emissions, lossScale?.applyTo(gradient) ?? gradient, options.frozenStages)
    }
    const end = lossScale === null ? emitEnd(pass, learningRate, loss) : emitScaledEnd(pass, learningRate, loss, lossScale)
    const metrics = pack(builder, [loss, emitCorrectCount(builder, logits, targets), end.skipped, end.diverged])
    const tensor = emitIdentity(builder, metrics, end.effects)
    return { inputs: { learning_rate: { tensor: learningRate, shape: [] } }, outputs: { metrics: { tensor, shape: [4] } } }
  })
}

interface StepEnd {
  readonly effects: readonly Tensor[]
  /** Float32 scalars, 1 or 0. */
  readonly skipped: Tensor
  readonly diverged: Tensor
}

function emitEnd(pass: TrainingPass, learningRate: Tensor, loss: Tensor): StepEnd {
  const { builder } = pass
  const effects = pass.emitEffects(pass.gradientGroups(), learningRate, [])
  return { effects, skipped: builder.floats(0), diverged: not(builder, emitIsFinite(builder, loss)) }
}

/** A step whose gradients overflow changes nothing but the scale; one that overflows although the scale is least has diverged. */
function emitScaledEnd(pass: TrainingPass, learningRate: Tensor, loss: Tensor, lossScale: LossScale): StepEnd {
  const { builder } = pass
  const groups = pass.gradientGroups().map(({ members, value }) => ({ members, value: lossScale.removeFrom(value) }))
  const good = emitAllFinite(builder, loss, groups.map(({ value }) => value))
  const guard = new Guard(builder, good)
  const effects = pass.emitEffects(groups, learningRate, [guard.open])
  const skipped = not(builder, good)
  const diverged = multiply(builder, skipped, cast(builder, lossScale.isAtFloor(), DT_FLOAT))
  return { effects: [guard.join(effects), ...lossScale.adjust(good)], skipped, diverged }
}

/** 1 for false, 0 for true. */
function not(builder: GraphBuilder, flag: Tensor): Tensor {
  return subtract(builder, builder.floats(1), cast(builder, flag, DT_FLOAT))
}
