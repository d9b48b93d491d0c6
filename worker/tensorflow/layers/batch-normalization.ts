import type { BatchNormalizationLayer } from '../../../shared/network/layer-graph.js'
import { booleanAttribute, floatAttribute, stringAttribute, typeAttribute } from '../graph/attributes.js'
import type { Tensor } from '../graph/tensor.js'
import { DataType } from '../proto/gen/program.js'
import type { Emission, EmissionContext } from './emission.js'

const epsilon = 1e-5
/** Share of the moving statistics that a training step replaces (PyTorch's momentum). */
const replacedShare = 0.1

const { DT_FLOAT } = DataType

/**
 * Batch normalization with the batch's own statistics. The operation itself moves the moving statistics; as in PyTorch,
 * the variance that goes into them is the unbiased one (n - 1), the one that normalizes is not.
 */
export function emitTrainingBatchNormalization(context: EmissionContext, layer: BatchNormalizationLayer, input: Tensor): Emission {
  const { builder } = context
  const [gamma, beta, mean, variance] = readAll(context, layer)
  const attributes = attributesOf(input, { is_training: booleanAttribute(true), exponential_avg_factor: floatAttribute(replacedShare) })
  const types = [input.dtype, DT_FLOAT, DT_FLOAT, DT_FLOAT, DT_FLOAT, DT_FLOAT]
  const specification = { operation: 'FusedBatchNormV3', inputs: [input, gamma, beta, mean, variance], attributes }
  const [output, nextMean, nextVariance, ...reserved] = builder.nodeWithOutputs(specification, types)
  context.assign(`${layer.name}/moving_mean`, nextMean)
  context.assign(`${layer.name}/moving_variance`, nextVariance)
  return {
    output,
    backward: (gradient) => {
      const gradientTypes = [input.dtype, DT_FLOAT, DT_FLOAT, DT_FLOAT, DT_FLOAT]
      const inputs = [gradient, input, gamma, ...reserved]
      const backward = { operation: 'FusedBatchNormGradV3', inputs, attributes: attributesOf(input, { is_training: booleanAttribute(true) }) }
      const [toInput, toGamma, toBeta] = builder.nodeWithOutputs(backward, gradientTypes)
      context.gradient(`${layer.name}/gamma`, toGamma, [toInput])
      context.gradient(`${layer.name}/beta`, toBeta, [toInput])
      return [toInput]
    },
  }
}

/** Batch normalization with the moving statistics: evaluation, and frozen stages, which have no gradients. */
export function emitInferenceBatchNormalization(context: EmissionContext, layer: BatchNormalizationLayer, input: Tensor): Emission {
  const attributes = attributesOf(input, { is_training: booleanAttribute(false) })
  const types = [input.dtype, DT_FLOAT, DT_FLOAT, DT_FLOAT, DT_FLOAT, DT_FLOAT]
  const inputs = [input, ...readAll(context, layer)]
  const [output] = context.builder.nodeWithOutputs({ operation: 'FusedBatchNormV3', inputs, attributes }, types)
  return { output, backward: null }
}

function readAll(context: EmissionContext, layer: BatchNormalizationLayer): [Tensor, Tensor, Tensor, Tensor] {
  const read = (kind: string) => context.read(`${layer.name}/${kind}`)
  return [read('gamma'), read('beta'), read('moving_mean'), read('moving_variance')]
}

function attributesOf(input: Tensor, others: Record<string, ReturnType<typeof booleanAttribute>>) {
  return { T: typeAttribute(input.dtype), U: typeAttribute(DT_FLOAT), epsilon: floatAttribute(epsilon), data_format: stringAttribute('NHWC'), ...others }
}
