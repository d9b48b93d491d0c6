import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidInputError } from '../../shared/errors.js'
import { networkCost } from '../../shared/network/cost.js'
import { SavedModel } from '../../worker/tensorflow/proto/gen/program.js'
import { buildTrainingProgram, savedModelOf } from '../../worker/tensorflow/program.js'
import { elementCount } from '../../worker/tensorflow/variables.js'
import { publishedNetworks } from '../network/published-networks.js'
import { graphOf } from './networks.js'

const small = graphOf('02020-c02a12_8_1-2', 32, 5)

describe('a training program', () => {
  it.each(publishedNetworks)('has as many trainable values as the cost model counts: $encoding', ({ encoding, resolution, classes, params }) => {
    const graph = graphOf(encoding, resolution, classes)
    const { variables } = buildTrainingProgram(graph, { batch: 1 })
    const sum = (kinds: string[]) =>
      variables.filter(({ kind }) => kinds.includes(kind)).reduce((total, { shape }) => total + elementCount(shape), 0)
    expect(variables.filter(({ trainable }) => trainable).reduce((total, { shape }) => total + elementCount(shape), 0)).toBe(params)
    expect(networkCost(graph).params).toBe(params)
    expect(sum(['momentum'])).toBe(params)
    expect(sum(['gamma', 'beta'])).toBe(sum(['moving_mean', 'moving_variance']))
  })

  it('is a graph in which every input is a node that exists, and every name is unique', () => {
    const { graphDef, signatures } = buildTrainingProgram(small, { batch: 2 })
    const names = graphDef.node.map(({ name }) => name)
    const known = new Set(names)
    expect(known.size).toBe(names.length)
    const inputs = graphDef.node.flatMap(({ input }) => input.map((name) => name.replace(/^\^/, '').replace(/:\d+$/, '')))
    expect(inputs.filter((name) => !known.has(name))).toEqual([])
    const ports = Object.values(signatures).flatMap((signature) => [...Object.values(signature.inputs), ...Object.values(signature.outputs)])
    expect(ports.filter(({ tensor }) => !known.has(tensor.node))).toEqual([])
  })

  it('survives the wire', () => {
    const program = buildTrainingProgram(small, { batch: 2 })
    const [metaGraph] = SavedModel.decode(savedModelOf(program)).metaGraphs
    expect(metaGraph.graphDef?.node).toHaveLength(program.graphDef.node.length)
    expect(Object.keys(metaGraph.signatureDef).sort()).toEqual(['eval_step', 'init', 'load_batch', 'read', 'restore', 'train_step'])
  })

  it('has one operation for each convolution on a GPU, grouped ones and those of maps of a few pixels too', () => {
    const graph = graphOf('02320-_8_1-2-11-11', 32, 5)
    const layers = graph.layers.filter((layer) => layer.kind === 'convolution')
    expect(layers.some(({ groups, inputChannels }) => groups > 1 && groups < inputChannels)).toBe(true)
    expect(layers.some(({ kernel, stride, output }) => kernel === 3 && stride === 1 && output.height <= 2)).toBe(true)
    const count = (device: 'cpu' | 'gpu', operation: string) => buildTrainingProgram(graph, { batch: 2, device }).graphDef.node.filter(({ op }) => op === operation).length
    // Once in the training step, once in evaluation.
    expect(count('gpu', 'Conv2D') + count('gpu', 'DepthwiseConv2dNative')).toBe(2 * layers.length)
    expect(count('gpu', 'Conv2DBackpropFilter') + count('gpu', 'DepthwiseConv2dNativeBackpropFilter')).toBe(layers.length)
    expect(count('cpu', 'MatMul')).toBeGreaterThan(count('gpu', 'MatMul'))
  })

  it('updates all variables of a kind at once on a GPU, in float32 and in half precision, scale of the loss or not', () => {
    const count = (device: 'cpu' | 'gpu', precision: 'float32' | 'float16', operation: string) =>
      buildTrainingProgram(small, { batch: 2, weightDecay: 0.1, device, precision }).graphDef.node.filter(({ op }) => op === operation).length
    const { variables } = buildTrainingProgram(small, { batch: 2 })
    expect(count('cpu', 'float32', 'ResourceApplyMomentum')).toBe(variables.filter(({ trainable }) => trainable).length)
    expect(count('gpu', 'float32', 'ResourceApplyMomentum')).toBe(0)
    // Weights, and what does not decay: gradients, values and velocities of each.
    expect(count('gpu', 'float32', 'ConcatV2') - count('cpu', 'float32', 'ConcatV2')).toBe(6)
    expect(count('gpu', 'float16', 'L2Loss')).toBeLessThanOrEqual(3)
  })

  it('decays weights only', () => {
    const { variables } = buildTrainingProgram(small, { batch: 2 })
    fc.assert(fc.property(fc.constantFrom(...variables), ({ kind, decay }) => decay === (kind === 'weight')))
  })

  it.each([
    [{ batch: 0 }, 'batch must be a positive integer, got 0'],
    [{ batch: 1.5 }, 'batch must be'],
    [{ batch: 1, weightDecay: -1 }, 'weight decay must be'],
    [{ batch: 1, labelSmoothing: 1 }, 'label smoothing must be'],
    [{ batch: 1, frozenStages: 4 }, 'frozen stages must be an integer from 0 to 3'],
    [{ batch: 1, frozenStages: -1 }, 'frozen stages must be'],
  ])('refuses %j', (options, message) => {
    expect(() => buildTrainingProgram(small, options)).toThrow(InvalidInputError)
    expect(() => buildTrainingProgram(small, options)).toThrow(message)
  })
})
