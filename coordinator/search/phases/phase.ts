/** What a phase of a search may change: the block inside a fixed macro structure, the macro structure around kept blocks, or both. */
export type PhaseName = 'block' | 'macro' | 'joint'

export interface Phase {
  readonly name: PhaseName
  /** Candidates it may propose; the last phase goes on for as long as it is asked. */
  readonly budget: number
}
