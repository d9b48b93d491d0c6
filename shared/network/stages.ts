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
  const stages: { -readonly [Key in keyof Stage]: Stage[Key] }[] = []
  let width = stemChannels
  let stride = stemStride
  for (const block of macro) {
    width *= block.multiplier
    stride *= block.stride
    const current = stages.at(-1)
    if (current?.stride === stride) {
      current.blocks++
      current.width = width
    } else stages.push({ blocks: 1, width, stride })
  }
  return stages
}
