import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type FeatureName, featureNames, stepFeatures } from '../../coordinator/step-time/step-features.js'
import type { StepKind } from '../../coordinator/step-time/layer-work.js'
import { buildLayerGraph } from '../../shared/network/build.js'
import { layerCost, networkCost } from '../../shared/network/cost.js'
import type { LayerGraph } from '../../shared/network/layer-graph.js'
import { createRng } from '../../shared/rng.js'
import { defaultBounds } from '../../shared/space/bounds.js'
import { sampleGenome } from '../../shared/space/sample.js'
import { graphOf } from './timed-networks.js'

function named(graph: LayerGraph, batch: number, kind: StepKind): Record<FeatureName, number> {
  const features = stepFeatures(graph, batch, kind)
  return Object.fromEntries(featureNames.map((name, j) => [name, features[j]])) as Record<FeatureName, number>
}

const graphs = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((seed) => buildLayerGraph(sampleGenome(createRng(seed), defaultBounds), { resolution: 64, classes: 10 }))
const arithmetic = ({ dense3x3, dense1x1, grouped, depthwise }: Record<FeatureName, number>): number => 1e9 * (dense3x3 + dense1x1 + grouped + depthwise)

describe('features of a step', () => {
  test('arithmetic is the MACs of the network, three times in training but for the gradient of the image', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { macs } = networkCost(graph)
        const stem = graph.layers.find(({ kind }) => kind === 'convolution')
        expect(arithmetic(named(graph, 2, 'inference'))).toBeCloseTo(2 * macs, 0)
        expect(arithmetic(named(graph, 2, 'training'))).toBeCloseTo(2 * (3 * macs - layerCost(stem!).macs), 0)
      }),
      { numRuns: 15 },
    )
  })

  test('what feature maps cost grows with the batch; weights, kernels and the step itself do not', () => {
    fc.assert(
      fc.property(graphs, fc.constantFrom<StepKind>('training', 'inference'), (graph, kind) => {
        const one = named(graph, 1, kind)
        const eight = named(graph, 8, kind)
        for (const name of featureNames) expect(eight[name] / (one[name] || 1)).toBeCloseTo(['weights', 'kernels', 'step'].includes(name) ? 1 : one[name] && 8, 9)
      }),
      { numRuns: 15 },
    )
  })

  test('a network by hand: stem 2, 2, 4 channels and one 3x3 block at 8 pixels, 3 classes', () => {
    const { dense3x3, dense1x1, elementwise, convolution, weights, kernels, step } = named(graphOf('0-_4_1', 8, 3), 1, 'inference')
    // Convolutions: 3->2 to 4x4, 2->2 at 4x4, 2->4 to 2x2, 4->4 at 2x2; fully connected: 4->3.
    expect(dense3x3 * 1e9).toBeCloseTo(9 * (3 * 2 * 16 + 2 * 2 * 16 + 2 * 4 * 4 + 4 * 4 * 4), 6)
    expect(dense1x1 * 1e9).toBeCloseTo(12, 6)
    expect((convolution * 1e9) / 4).toBeCloseTo(192 + 32 + 32 + 32 + 32 + 16 + 16 + 16 + 4 + 3, 6)
    // Four BN and four ReLU of 2 passes each, the residual's add of 3, the pooling of 1.
    expect((elementwise * 1e9) / 4).toBeCloseTo(4 * (32 + 32 + 16 + 16) + 3 * 16 + 16, 6)
    expect((weights * 1e9) / 4).toBeCloseTo(9 * (6 + 4 + 8 + 16) + 15, 6)
    expect(kernels * 1e3).toBeCloseTo(4 * 3 + 1 + 1 + 1, 6)
    expect(step).toBe(1)
  })

  test('grouped and depthwise arithmetic are told apart', () => {
    expect(named(graphOf('2-_64_11'), 1, 'inference').grouped).toBeGreaterThan(0)
    expect(named(graphOf('2-_64_11'), 1, 'inference').depthwise).toBe(0)
    expect(named(graphOf('4-_64_11'), 1, 'inference').depthwise).toBeGreaterThan(0)
    expect(named(graphOf('4-_64_11'), 1, 'inference').grouped).toBe(0)
  })
})
