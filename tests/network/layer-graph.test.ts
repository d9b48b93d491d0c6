import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildLayerGraph } from '../../shared/network/build.js'
import type { Layer, LayerGraph } from '../../shared/network/layer-graph.js'
import { stagesOf } from '../../shared/network/stages.js'
import { trainingMemory } from '../../shared/network/training-memory.js'
import { parseGenome } from '../../shared/space/parse.js'
import { validGenome } from '../space/arbitrary-genome.js'

const graphOf = (encoding: string, resolution = 64): LayerGraph => buildLayerGraph(parseGenome(encoding), { resolution, classes: 10 })

function inputsOf(layer: Layer): readonly number[] {
  if (layer.kind === 'input') return []
  return 'inputs' in layer ? layer.inputs : [layer.input]
}

/** `name kind <- inputs: height x width x channels`, for the layers of one block. */
function describeBlock({ layers }: LayerGraph, prefix: string): string[] {
  return layers
    .filter(({ name }) => name.startsWith(`${prefix}/`))
    .map((layer) => {
      const { height, width, channels } = layer.output
      const convolution = layer.kind === 'convolution' ? ` k${layer.kernel} s${layer.stride} g${layer.groups} p${layer.padding}` : ''
      const from = inputsOf(layer).map((id) => layers[id].name.replace(`${prefix}/`, ''))
      return `${layer.name.slice(prefix.length + 1)}: ${layer.kind}${convolution} (${from.join(', ')}) ${height}x${width}x${channels}`
    })
}

describe('a block', () => {
  test('with concat, add across a stride and the residual, merged in order', () => {
    expect(describeBlock(graphOf('12022-c01a13a12_64_-2', 64), 'stage1/block0')).toEqual([
      'operation0: convolution k1 s1 g1 p0 (stem/2/relu) 16x16x128',
      'operation0/bn: batch_normalization (operation0) 16x16x128',
      'skip_0_1: concat (operation0/bn, stem/2/relu) 16x16x192',
      'operation0/relu: relu (skip_0_1) 16x16x192',
      'operation1: convolution k3 s2 g1 p1 (operation0/relu) 8x8x128',
      'operation1/bn: batch_normalization (operation1) 8x8x128',
      'skip_1_2/projection: convolution k1 s2 g1 p0 (operation0/relu) 8x8x128',
      'skip_1_2/projection/bn: batch_normalization (skip_1_2/projection) 8x8x128',
      'skip_1_2: add (operation1/bn, skip_1_2/projection/bn) 8x8x128',
      'operation1/relu: relu (skip_1_2) 8x8x128',
      'operation2: convolution k3 s1 g2 p1 (operation1/relu) 8x8x128',
      'operation2/bn: batch_normalization (operation2) 8x8x128',
      'skip_1_3/projection: convolution k1 s2 g1 p0 (operation0/relu) 8x8x128',
      'skip_1_3/projection/bn: batch_normalization (skip_1_3/projection) 8x8x128',
      'skip_1_3: add (operation2/bn, skip_1_3/projection/bn) 8x8x128',
      'skip_0_3/projection: convolution k1 s2 g1 p0 (stem/2/relu) 8x8x128',
      'skip_0_3/projection/bn: batch_normalization (skip_0_3/projection) 8x8x128',
      'skip_0_3: add (skip_1_3, skip_0_3/projection/bn) 8x8x128',
      'operation2/relu: relu (skip_0_3) 8x8x128',
    ])
  })

  test('of one separable operation has no BN or ReLU inside it and an identity residual', () => {
    expect(describeBlock(graphOf('6-_16_1'), 'stage1/block0')).toEqual([
      'operation0/depthwise: convolution k3 s1 g16 p1 (stem/2/relu) 16x16x16',
      'operation0/pointwise: convolution k1 s1 g1 p0 (operation0/depthwise) 16x16x16',
      'operation0/bn: batch_normalization (operation0/pointwise) 16x16x16',
      'skip_0_1: add (operation0/bn, stem/2/relu) 16x16x16',
      'operation0/relu: relu (skip_0_1) 16x16x16',
    ])
  })

  test.each([
    ['0-_16_-1', 'operation0'],
    ['6-_16_-1', 'operation0/depthwise'],
    ['1-_16_-1', 'operation0'],
    ['121-_16_-1', 'operation1'],
    ['10001-_16_-1', 'operation1'],
    ['12120-_16_-1', 'operation2'],
    ['02020-_16_-1', 'operation0'],
  ])('of %s puts its stride on %s alone', (encoding, name) => {
    const strided = graphOf(encoding).layers.filter(
      (layer) => layer.kind === 'convolution' && layer.stride === 2 && layer.name.includes('/operation'),
    )
    expect(strided.map((layer) => layer.name)).toEqual([`stage1/block0/${name}`])
  })

  test('rounds odd sizes up, projections as well', () => {
    const { layers } = graphOf('020-_16_1-1', 97)
    const sizes = new Map(layers.map(({ name, output }) => [name, output.height]))
    expect([sizes.get('stem/0'), sizes.get('stem/2'), sizes.get('stage2/block0/operation0'), sizes.get('stage2/block0/skip_0_2')]).toEqual([
      49, 25, 13, 13,
    ])
  })
})

test.each([
  ['10001-_64_411-2111-211111-211', [[3, 256, 4], [4, 512, 8], [6, 1024, 16], [3, 2048, 32]]],
  ['020-_64_-12-1', [[2, 128, 8], [1, 128, 16]]],
  ['020-_64_1', [[1, 64, 4]]],
])('the stages of %s', (encoding, expected) => {
  expect(stagesOf(parseGenome(encoding))).toEqual(expected.map(([blocks, width, stride]) => ({ blocks, width, stride })))
})

/** What is wrong with a layer, given the layers before it. */
function faultOf(layer: Layer, layers: readonly Layer[]): string | null {
  const inputs = inputsOf(layer)
  if (inputs.some((id) => id >= layer.id)) return 'reads a later layer'
  const [first, second] = inputs.map((id) => layers[id].output)
  switch (layer.kind) {
    case 'add':
      return JSON.stringify(first) === JSON.stringify(second) ? null : 'adds different shapes'
    case 'concat':
      if (first.height !== second.height || first.width !== second.width) return 'joins different sizes'
      return layer.output.channels === first.channels + second.channels ? null : 'miscounts its channels'
    case 'convolution':
      if (layer.inputChannels !== first.channels) return 'expects other input channels'
      return layer.inputChannels % layer.groups === 0 && layer.output.channels % layer.groups === 0 ? null : 'has uneven groups'
    default:
      return null
  }
}

test('every graph is well formed', () => {
  fc.assert(
    fc.property(validGenome, fc.integer({ min: 1, max: 130 }), (genome, resolution) => {
      const { layers } = buildLayerGraph(genome, { resolution, classes: 3 })
      const stages = stagesOf(genome)
      expect(layers.map(({ id }) => id)).toEqual([...layers.keys()])
      expect(new Set(layers.map(({ name }) => name)).size).toBe(layers.length)
      expect([...new Set(layers.map(({ stage }) => stage))]).toEqual([...Array(stages.length + 2).keys()])
      expect(layers.map((layer) => faultOf(layer, layers)).filter((fault) => fault !== null)).toEqual([])
      // Nothing hangs loose: every layer but the logits feeds another one.
      expect(new Set(layers.flatMap(inputsOf)).size).toBe(layers.length - 1)
    }),
  )
})

describe('the memory of a training', () => {
  test('is what the tensors of a small network need', () => {
    // 0-_2_1 at 4 pixels, 10 classes; elements of the outputs: image 48; stem/0 and stem/1 2x2x1; stem/2 and the block 1x1x2.
    const graph = buildLayerGraph(parseGenome('0-_2_1'), { resolution: 4, classes: 10 })
    // Kept: image 48, then convolution and ReLU of each of the four (4 + 4 + 4 + 4 + 2 + 2 + 2 + 2), pooled 2.
    const kept = 48 + 24 + 2
    // Weights 27 + 9 + 18 + 36, BN 2 x 6, fully connected 20 + 10.
    const params = 27 + 9 + 18 + 36 + 12 + 30
    expect(trainingMemory(graph, 8)).toEqual({
      fixedBytes: 4 * (3 * params + 12),
      bytesPerImage: 4 * kept,
      workingBytesPerImage: 4 * (48 + 4),
      totalBytes: 4 * (3 * params + 12) + 8 * 4 * (kept + 52),
    })
  })

  test('halves its activations, not its weights, in half precision', () => {
    const graph = graphOf('031-_32_1-1-221-11121')
    const full = trainingMemory(graph, 64)
    const half = trainingMemory(graph, 64, 2)
    expect(half.bytesPerImage).toBe(full.bytesPerImage / 2)
    expect(half.fixedBytes).toBe(full.fixedBytes)
  })
})
