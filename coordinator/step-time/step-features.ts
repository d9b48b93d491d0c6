import type { LayerGraph } from '../../shared/network/layer-graph.js'
import { type StepKind, layerWork } from './layer-work.js'

/**
 * Resources that a step spends, each in several ways that cost about the same per unit: arithmetic in 10^9 multiply-accumulates,
 * memory in 10^9 bytes of float32, dispatch in 10^3 kernels started and in steps. A device's time is a sum over them with costs
 * that are never negative.
 */
export const resources = {
  arithmetic: ['dense3x3', 'dense1x1', 'grouped', 'depthwise'],
  memory: ['elementwise', 'convolution', 'weights'],
  dispatch: ['kernels', 'step'],
} as const

export type Resource = keyof typeof resources
export type FeatureName = (typeof resources)[Resource][number]

const resourceNames = Object.keys(resources) as Resource[]

/** Order of the values in StepFeatures. */
export const featureNames: readonly FeatureName[] = resourceNames.flatMap((resource) => [...resources[resource]])

/** For each feature the index of its resource. */
export const resourceOfFeature: readonly number[] = resourceNames.flatMap((resource, index) => resources[resource].map(() => index))

/** One non-negative number per feature name. */
export type StepFeatures = readonly number[]

const gigabytes = (elements: number): number => (4 * elements) / 1e9

/** Features of one step of `batch` images. */
export function stepFeatures(graph: LayerGraph, batch: number, kind: StepKind): StepFeatures {
  const sums: Record<FeatureName, number> = {
    dense3x3: 0,
    dense1x1: 0,
    grouped: 0,
    depthwise: 0,
    elementwise: 0,
    convolution: 0,
    weights: 0,
    kernels: 0,
    step: 1,
  }
  for (const layer of graph.layers) {
    const work = layerWork(layer, graph, batch, kind)
    if (work.arithmetic !== null) sums[work.arithmetic] += work.macs / 1e9
    sums.elementwise += gigabytes(work.elementwiseTraffic)
    sums.convolution += gigabytes(work.convolutionTraffic)
    sums.weights += gigabytes(work.weightTraffic)
    sums.kernels += work.kernels / 1e3
  }
  return featureNames.map((name) => sums[name])
}
