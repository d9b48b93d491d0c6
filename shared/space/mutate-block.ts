import type { SpaceBounds } from './bounds.js'
import type { BlockGenome, Skip } from './genome.js'
import { type Neighbours, indices } from './neighbours.js'
import { possibleSkips } from './sample.js'

type BlockNeighbours = (block: BlockGenome, bounds: SpaceBounds) => (() => BlockGenome)[]

const onBlock =
  (neighbours: BlockNeighbours): Neighbours =>
  (genome, bounds) =>
    neighbours(genome.block, bounds).map((make) => () => ({ ...genome, block: make() }))

function without<T>(items: readonly T[], index: number): T[] {
  return items.filter((_, at) => at !== index)
}

const samePlaces = (a: Skip, b: Skip): boolean => a.from === b.from && a.to === b.to

const changeOperation: BlockNeighbours = (block, bounds) =>
  block.operations.flatMap((current, index) =>
    bounds.operations
      .filter((operation) => operation !== current)
      .map((operation) => () => ({ ...block, operations: block.operations.with(index, operation) })),
  )

const changeRatio: BlockNeighbours = (block, bounds) =>
  block.ratios.flatMap((current, index) =>
    bounds.ratios.filter((ratio) => ratio !== current).map((ratio) => () => ({ ...block, ratios: block.ratios.with(index, ratio) })),
  )

/** Skips with the places after `index` moved up by one; those into the old last place keep leading to the last place. */
const addOperation: BlockNeighbours = ({ operations, ratios, skips }, bounds) =>
  indices(operations.length + 1).flatMap((index) => {
    const move = (place: number): number => (place > index || place === operations.length ? place + 1 : place)
    const moved = skips.map((skip) => ({ ...skip, from: skip.from > index ? skip.from + 1 : skip.from, to: move(skip.to) }))
    return bounds.operations.flatMap((operation) =>
      bounds.ratios.map((ratio) => () => ({
        operations: operations.toSpliced(index, 0, operation),
        ratios: ratios.toSpliced(Math.min(index, ratios.length), 0, ratio),
        skips: moved,
      })),
    )
  })

/** Skips from or into the place that goes are dropped. */
const removeOperation: BlockNeighbours = ({ operations, ratios, skips }) => {
  if (operations.length === 1) return []
  return indices(operations.length).map((index) => () => {
    // The last place stays the last one: with the last operation goes the place before it.
    const gone = Math.min(index + 1, operations.length - 1)
    const move = (place: number): number => (place > gone ? place - 1 : place)
    const kept = skips
      .filter(({ from, to }) => from !== gone && to !== gone)
      .map((skip) => ({ ...skip, from: move(skip.from), to: move(skip.to) }))
    return { operations: without(operations, index), ratios: without(ratios, Math.min(index, ratios.length - 1)), skips: kept }
  })
}

/** Every way to put `skip` among the skips: its place in the order matters beside a concat. */
function insertions(skips: readonly Skip[], skip: Skip): Skip[][] {
  if (skips.some((other) => samePlaces(other, skip))) return []
  return indices(skips.length + 1).map((at) => skips.toSpliced(at, 0, skip))
}

const addSkip: BlockNeighbours = (block, { skipKinds }) =>
  possibleSkips(block.operations.length, skipKinds)
    .flatMap((skip) => insertions(block.skips, skip))
    .map((skips) => () => ({ ...block, skips }))

const removeSkip: BlockNeighbours = (block) => block.skips.map((_, index) => () => ({ ...block, skips: without(block.skips, index) }))

/** One end, or both, of a skip goes elsewhere; its kind stays. */
const retargetSkip: BlockNeighbours = (block) =>
  block.skips.flatMap((skip, index) =>
    possibleSkips(block.operations.length, [skip.kind])
      .filter((other) => !samePlaces(other, skip))
      .flatMap((other) => insertions(without(block.skips, index), other))
      .map((skips) => () => ({ ...block, skips })),
  )

const flipSkip: BlockNeighbours = (block) =>
  block.skips.map((skip, index) => () => {
    const flipped: Skip = { ...skip, kind: skip.kind === 'add' ? 'concat' : 'add' }
    return { ...block, skips: block.skips.with(index, flipped) }
  })

export const blockNeighbours = {
  change_operation: onBlock(changeOperation),
  change_ratio: onBlock(changeRatio),
  add_operation: onBlock(addOperation),
  remove_operation: onBlock(removeOperation),
  add_skip: onBlock(addSkip),
  remove_skip: onBlock(removeSkip),
  retarget_skip: onBlock(retargetSkip),
  flip_skip: onBlock(flipSkip),
} as const satisfies Readonly<Record<string, Neighbours>>
