import { join, resolve } from 'node:path'
import { readTimedNetworks } from '../../bench/step-time/read-timed-networks.js'
import { benchStepTimes, type StepSetting, type StepTimeBench } from '../../bench/step-time/bench-step-times.js'
import type { MeasuredStep } from '../../coordinator/step-time/cost-fit.js'
import { type StepFeatures, stepFeatures } from '../../coordinator/step-time/step-features.js'
import { buildLayerGraph } from '../../shared/network/build.js'
import type { LayerGraph } from '../../shared/network/layer-graph.js'
import { type Rng, createRng } from '../../shared/rng.js'
import { defaultBounds } from '../../shared/space/bounds.js'
import { parseGenome } from '../../shared/space/parse.js'
import { sampleGenome } from '../../shared/space/sample.js'

const fixtures = resolve(import.meta.dirname, '../fixtures')

export const graphOf = (encoding: string, resolution = 224, classes = 1000): LayerGraph => buildLayerGraph(parseGenome(encoding), { resolution, classes })

/** The bench on a column of a table of V100 times at 224 pixels. */
export function benchFixture(file: string, time: string, setting: Pick<StepSetting, 'batch' | 'kind'>): StepTimeBench {
  return benchStepTimes(readTimedNetworks(join(fixtures, file), { encoding: 'encoding', time }), { resolution: 224, classes: 1000, ...setting })
}

/** Random networks on a device whose step time is a known function, with multiplicative noise. */
export function imagined(seed: number, count: number, timeMs: (features: StepFeatures) => number, noise = 0): MeasuredStep[] {
  const rng: Rng = createRng(seed)
  return Array.from({ length: count }, () => {
    const graph = buildLayerGraph(sampleGenome(rng, defaultBounds), { resolution: 224, classes: 1000 })
    const features = stepFeatures(graph, 32, 'training')
    return { features, stepMs: timeMs(features) * Math.exp(noise * rng.normal()) }
  })
}
