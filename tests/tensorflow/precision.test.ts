import { describe, expect, it } from 'vitest'
import type { LayerGraph } from '../../shared/network/layer-graph.js'
import { createRng } from '../../shared/rng.js'
import type { Precision } from '../../shared/training/specification.js'
import { type TrainingProgram, buildTrainingProgram } from '../../worker/tensorflow/program.js'
import { DataType, type GraphDef, type NodeDef } from '../../worker/tensorflow/proto/gen/program.js'
import { TrainingSession } from '../../worker/tensorflow/session.js'
import { momentumName } from '../../worker/tensorflow/variables.js'
import { referenceNetworks } from '../network/published-networks.js'
import { everyOperation, graphOf, randomBatch, randomValues, trainableNames, withSession } from './networks.js'

/** Unit roundoff: half the distance from 1 to the next number. */
const halves = [
  { precision: 'bfloat16', type: DataType.DT_BFLOAT16, roundoff: 2 ** -9 },
  { precision: 'float16', type: DataType.DT_HALF, roundoff: 2 ** -11 },
] as const

/** At 16 pixels the blocks work on 4x4 and on 2x2, where convolutions are emitted tap by tap. */
const resolution = 16
const count = 16

/** Dense and depthwise convolutions, a sum and a concatenation. */
const mixed = graphOf('02420-a02c12_8_1-2', resolution, 5)

/** As `randomValues`, with ReLUs that are open or shut whatever the rounding: what is left to differ is the rounding itself. */
function decidedValues(program: TrainingProgram, initial: ReadonlyMap<string, Float32Array>): Map<string, Float32Array> {
  const values = randomValues(program, initial, 12)
  const rng = createRng(13)
  for (const { name, kind } of program.variables) {
    if (kind === 'beta') values.get(name)!.forEach((_, i, all) => (all[i] = (i % 2 === 0 ? 1 : -1) * (2.5 + rng.float())))
  }
  // So that nothing overflows.
  return values.set('loss_scale', Float32Array.of(256))
}

function gradientsIn(precision: Precision, graph: LayerGraph) {
  return withSession(graph, { batch: count, precision, labelSmoothing: 0.1 }, (session, program) => {
    session.initialize(11)
    session.restore(decidedValues(program, session.read()))
    const batch = randomBatch(graph, count, 14)
    const { lossSum } = session.evaluateStep(batch)
    const step = session.trainStep(batch, 0)
    const after = session.read()
    // The first velocity is the gradient itself.
    return { evaluation: lossSum / count, step, gradients: new Map(trainableNames(program).map((name) => [name, after.get(momentumName(name))!])) }
  })
}

const length = (vector: Float32Array): number => Math.sqrt(vector.reduce((sum, value) => sum + value ** 2, 0))

/** Errors of the gradients, relative to their lengths; smallest first. */
function errorsOf(gradients: ReadonlyMap<string, Float32Array>, exact: ReadonlyMap<string, Float32Array>): number[] {
  const errors = [...exact].map(([name, truth]) => {
    // What batch normalization adds, the next one takes away again: there the gradient of beta is a sum of terms that cancel.
    const scale = Math.max(length(truth), length(exact.get(name.replace(/beta$/, 'gamma'))!))
    return length(gradients.get(name)!.map((value, i) => value - truth[i])) / scale
  })
  return errors.sort((a, b) => a - b)
}

describe('half precision', () => {
  it.each(everyOperation)('rounds, and does nothing else, in %s (%s)', async (_, encoding) => {
    const graph = graphOf(encoding, resolution, 5)
    const exact = await gradientsIn('float32', graph)
    for (const { precision, roundoff } of halves) {
      const half = await gradientsIn(precision, graph)
      // Each layer rounds a handful of times: its output, its weights, and the gradients of both.
      const tolerance = 4 * graph.layers.length * roundoff
      expect(half.step).toMatchObject({ skipped: false, diverged: false })
      expect(Math.abs(half.step.loss / exact.step.loss - 1), `${precision} loss`).toBeLessThan(tolerance)
      expect(Math.abs(half.evaluation / exact.evaluation - 1), `${precision} evaluation`).toBeLessThan(tolerance)
      const errors = errorsOf(half.gradients, exact.gradients)
      expect(errors[Math.floor(errors.length / 2)], `${precision} median`).toBeLessThan(tolerance)
      // Of gradients that have nothing to do with each other, the difference is longer than either.
      expect(errors[errors.length - 1], `${precision} worst`).toBeLessThan(1)
    }
  })

  it.each(halves)('computes products in $precision, keeps variables, statistics and loss in float32', ({ precision, type }) => {
    const { graphDef } = buildTrainingProgram(mixed, { batch: 2, precision, device: 'gpu' })
    const typesOf = (operation: RegExp, attribute: string) => typesIn(graphDef, operation, attribute)
    expect(typesOf(/^(Conv2D|DepthwiseConv2dNative|MatMul)/, 'T')).toEqual(new Set([type]))
    expect(typesOf(/^FusedBatchNorm/, 'T')).toEqual(new Set([type]))
    expect(typesOf(/^FusedBatchNorm/, 'U')).toEqual(new Set([DataType.DT_FLOAT]))
    expect(typesOf(/^(SoftmaxCrossEntropyWithLogits|ResourceApplyMomentum|BiasAdd|BiasAddGrad|Mean)$/, 'T')).toEqual(new Set([DataType.DT_FLOAT]))
    const variables = graphDef.node.filter(({ op, name }) => op === 'VarHandleOp' && name !== 'variable/batch/images')
    expect(new Set(variables.map((node) => typeOf(node, 'dtype')))).toEqual(new Set([DataType.DT_FLOAT]))
  })

  it('leaves to float32, on a CPU with instructions for bfloat16, what is slower all the same', () => {
    const { graphDef } = buildTrainingProgram(mixed, { batch: 2, precision: 'bfloat16', device: 'cpu_with_bfloat16' })
    expect(typesIn(graphDef, /^DepthwiseConv2dNative/, 'T')).toEqual(new Set([DataType.DT_FLOAT]))
    expect(typesIn(graphDef, /^(Conv2D|MatMul)/, 'T')).toEqual(new Set([DataType.DT_BFLOAT16]))
    // The stem has 4 channels, the last stage 16.
    expect(typesIn(graphDef, /^FusedBatchNorm/, 'T')).toEqual(new Set([DataType.DT_FLOAT, DataType.DT_BFLOAT16]))
  })

  it.each([
    ['cpu', 'bfloat16', DataType.DT_BFLOAT16],
    ['cpu', 'float16', DataType.DT_HALF],
    ['cpu_with_bfloat16', 'float16', DataType.DT_HALF],
  ] as const)('rounds maps alone on a %s in %s', async (device, precision, type) => {
    const { graphDef } = buildTrainingProgram(mixed, { batch: 2, precision, device })
    expect(typesIn(graphDef, /^(Conv2D|DepthwiseConv2dNative|FusedBatchNorm|MatMul)/, 'T')).toEqual(new Set([DataType.DT_FLOAT]))
    expect(typesIn(graphDef, /^(Relu|ReluGrad)$/, 'T')).toEqual(new Set([type]))
    await withSession(mixed, { batch: 2, precision, device }, (session) => {
      session.initialize(1)
      expect(session.trainStep(randomBatch(mixed, 2, 2), 0.01)).toMatchObject({ diverged: false })
    })
  })

  it('is a graph that TensorFlow takes, for every released network', { timeout: 300_000 }, async () => {
    for (const { encoding } of referenceNetworks) {
      const graph = graphOf(encoding, 32, 10)
      const [bfloat16, float16] = halves.map(({ precision }) => buildTrainingProgram(graph, { batch: 2, precision, device: 'gpu' }))
      const products = ({ graphDef }: TrainingProgram): string[] => graphDef.node.filter(({ op }) => /^(Conv|Depthwise|MatMul|FusedBatchNorm)/.test(op)).map(({ name }) => name)
      expect(products(bfloat16)).toEqual(products(float16))
      // Types and shapes are checked when it is loaded.
      const session = await TrainingSession.open(float16)
      session.close()
    }
  })
})

function typesIn({ node }: GraphDef, operation: RegExp, attribute: string): Set<DataType | undefined> {
  return new Set(node.filter(({ op }) => operation.test(op)).map((one) => typeOf(one, attribute)))
}

function typeOf({ attr }: NodeDef, attribute: string): DataType | undefined {
  const value = attr[attribute]?.value
  return value?.$case === 'type' ? value.value : undefined
}
