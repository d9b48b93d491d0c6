/** Operation of a block, by its id in the encoding (docs: "The search space"). */
export type Operation = 0 | 1 | 2 | 3 | 4 | 5 | 6

/** Skip connection between two places; place 0 = block input, place i = after operation i. */
export interface Skip {
  readonly kind: 'add' | 'concat'
  readonly from: number
  readonly to: number
}

/** Structure shared by all blocks of a network: 1 to 3 operations, a width ratio (0..4) for each but the last, and skips. */
export interface BlockGenome {
  readonly operations: readonly Operation[]
  readonly ratios: readonly number[]
  readonly skips: readonly Skip[]
}

/** One block of the macro string: output channels = input channels x multiplier. */
export interface MacroBlock {
  readonly multiplier: number
  readonly stride: 1 | 2
}

/** A point of the joint block and macro space. Its canonical encoding is its identity. */
export interface Genome {
  readonly block: BlockGenome
  readonly stemChannels: number
  readonly macro: readonly MacroBlock[]
}
