import type { LayerGraph } from '../../shared/network/layer-graph.js'
import type { Precision } from '../../shared/training/specification.js'
import { emitForwardPass } from './forward-pass.js'
import { pack, reduce } from './graph/arithmetic.js'
import type { GraphBuilder } from './graph/graph-builder.js'
import { emitImageFeed, emitImages } from './images.js'
import type { Device, EmissionContext } from './layers/emission.js'
import { computeType } from './precision.js'
import { emitCorrectCount, emitCrossEntropy, emitTargets } from './loss.js'
import { DataType } from './proto/gen/program.js'
import type { Signature } from './saved-model.js'
import { VariableReads, type VariableTable } from './variable-table.js'

/** Any number of images: known when the graph runs. */
const anyBatch = -1

export interface EvaluationOptions {
  readonly device: Device
  readonly oneDnn: boolean
  readonly precision: Precision
}

/**
 * Signature: bytes and labels of any number of images in; `metrics` = [sum of losses, number correct], with the moving
 * statistics and without label smoothing.
 */
export function emitEvaluationStep(
  builder: GraphBuilder,
  graph: LayerGraph,
  table: VariableTable,
  options: EvaluationOptions,
): Signature {
  return builder.scope('eval_step', () => {
    const fed = emitImageFeed(builder, anyBatch, graph.resolution)
    const labels = builder.placeholder('labels', DataType.DT_INT32, [anyBatch])
    const dtype = computeType(options.precision)
    const context = evaluationContext(builder, table, options)
    const images = emitImages(builder, fed, graph.resolution, dtype)
    const emissions = emitForwardPass(context, graph, images, () => 'moving')
    const logits = emissions[emissions.length - 1].output
    const targets = emitTargets(builder, labels, graph.classes, 0)
    const { losses } = emitCrossEntropy(builder, logits, targets)
    const metrics = pack(builder, [reduce(builder, 'Sum', losses, [0]), emitCorrectCount(builder, logits, targets)])
    const inputs = { images: fed, labels: { tensor: labels, shape: [anyBatch] } }
    return { inputs, outputs: { metrics: { tensor: metrics, shape: [2] } } }
  })
}

function evaluationContext(builder: GraphBuilder, table: VariableTable, { device, oneDnn, precision }: EvaluationOptions): EmissionContext {
  const reads = new VariableReads(builder, table, device)
  const refuse = (name: string): never => {
    throw new Error(`evaluation must not change ${name}`)
  }
  const dtype = computeType(precision)
  return { builder, batch: anyBatch, device, oneDnn, dtype, read: (name, type) => reads.read(name, type), gradient: refuse, assign: refuse }
}
