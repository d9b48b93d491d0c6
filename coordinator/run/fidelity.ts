import type { Rung, SearchConfig } from '../../shared/config/search-config.js'

/** The rungs of a search, lowest first; a search without is one rung, the whole training. */
export function rungsOf({ rungs, training }: Pick<SearchConfig, 'rungs' | 'training'>): readonly Rung[] {
  return rungs ?? [{ epochs: training.epochs }]
}

/** Whether a result of the rung is one of a whole training, and so comparable with every other such result. */
export function isWhole(config: SearchConfig, rung: number): boolean {
  return rung === rungsOf(config).length - 1
}

/** Share of a whole training's pixels that a training has seen at the end of the rung, in 0..1. */
export function fidelityOf(config: SearchConfig, rung: number): number {
  const { training, data } = config
  const { epochs, resolution = training.resolution, imagesPerClass } = rungsOf(config)[rung]
  const images = imagesPerClass === undefined || data.imagesPerClass === undefined ? 1 : imagesPerClass / data.imagesPerClass
  return Math.min(1, (epochs / training.epochs) * (resolution / training.resolution) ** 2 * images)
}
