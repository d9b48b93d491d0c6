import type { Genome } from '../space/genome.js'

/** Output stride of the stem. */
export const stemStride = 4

/** A maximal run of blocks at one output stride. */
export interface Stage {
  readonly blocks: number
  /** Channels of its last block. */
  readonly width: number
  /** Cumulative, from the image. */
  readonly stride: number
}

/** Stages of the network, in order; a leading "-" opens no empty stage, the first one then has stride 8. */
export function stagesOf({ stemChannels, macro }: Genome): Stage[] {
  const stages: Stage[] = []
  let width = stemChannels
  let stride = stemStride
  for (const block of macro) {
    width *= block.multiplier
    stride *= block.stride
    const current = stages.at(-1)
    if (current?.stride === stride) stages[stages.length - 1] = { ...current, blocks: current.blocks + 1, width }
    else stages.push({ blocks: 1, width, stride })
  }
  return stages
}
