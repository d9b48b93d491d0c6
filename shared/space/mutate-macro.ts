import type { SpaceBounds } from './bounds.js'
import { formatMacro } from './format.js'
import type { MacroBlock } from './genome.js'
import { type Neighbours, indices } from './neighbours.js'

type Macro = readonly MacroBlock[]
type MacroNeighbours = (macro: Macro, bounds: SpaceBounds) => (() => Macro)[]

const onMacro =
  (neighbours: MacroNeighbours): Neighbours =>
  (genome, bounds) =>
    neighbours(genome.macro, bounds).map((make) => () => ({ ...genome, macro: make() }))

/** A "1" anywhere. */
const insertBlock: MacroNeighbours = (macro) =>
  indices(macro.length + 1).map((index) => () => macro.toSpliced(index, 0, { multiplier: 1, stride: 1 }))

/** A "1" goes; its "-" passes to the next block, which must not have one. */
const removeBlock: MacroNeighbours = (macro) =>
  indices(macro.length).flatMap((index) => {
    const { multiplier, stride } = macro[index]
    const next = macro.at(index + 1)
    if (multiplier !== 1) return []
    if (stride === 1) return [() => macro.toSpliced(index, 1)]
    if (next === undefined || next.stride === 2) return []
    return [() => macro.toSpliced(index, 2, { ...next, stride: 2 })]
  })

/** Whether a macro string has no "--" and no last "-" between two of its characters. */
function isMacroAmong(characters: readonly string[], first: number, last: number): boolean {
  for (let index = Math.max(0, first); index <= Math.min(last, characters.length - 1); index++) {
    if (characters[index] === '-' && (index + 1 === characters.length || characters[index + 1] === '-')) return false
  }
  return true
}

/** The blocks that a macro string stands for. */
function readMacro(characters: readonly string[]): Macro {
  const macro: MacroBlock[] = []
  for (const [index, character] of characters.entries()) {
    if (character !== '-') macro.push({ multiplier: Number(character), stride: characters[index - 1] === '-' ? 2 : 1 })
  }
  return macro
}

/** Two different characters of the macro string that stand next to each other change places. */
const swapNeighbours: MacroNeighbours = (macro) => {
  const characters = [...formatMacro(macro)]
  return indices(characters.length - 1).flatMap((index) => {
    const [left, right] = [characters[index], characters[index + 1]]
    if (left === right) return []
    const swapped = characters.with(index, right).with(index + 1, left)
    // The rest stands as it stood.
    return isMacroAmong(swapped, index - 1, index + 1) ? [() => readMacro(swapped)] : []
  })
}

const changeMultiplier: MacroNeighbours = (macro, { multipliers }) =>
  macro.flatMap((block, index) =>
    [1, ...multipliers]
      .filter((multiplier) => multiplier !== block.multiplier)
      .map((multiplier) => () => macro.with(index, { ...block, multiplier })),
  )

/** Pairs (from, to) of blocks of which only the first has what is moved. */
function* moves(macro: Macro, has: (block: MacroBlock) => boolean): Generator<readonly [from: number, to: number]> {
  for (const [from, source] of macro.entries()) {
    if (!has(source)) continue
    for (const [to, target] of macro.entries()) if (!has(target)) yield [from, to]
  }
}

/** A widening multiplier goes to a block that has none; the final width stays. */
const moveMultiplier: MacroNeighbours = (macro) =>
  [...moves(macro, ({ multiplier }) => multiplier !== 1)].map(([from, to]) => () =>
    macro.with(from, { ...macro[from], multiplier: 1 }).with(to, { ...macro[to], multiplier: macro[from].multiplier }),
  )

/** A "-" goes to a block that has none. */
const moveStride: MacroNeighbours = (macro) =>
  [...moves(macro, ({ stride }) => stride === 2)].map(([from, to]) => () =>
    macro.with(from, { ...macro[from], stride: 1 }).with(to, { ...macro[to], stride: 2 }),
  )

/** A "-" comes or goes. */
const toggleStride: MacroNeighbours = (macro) =>
  macro.map((block, index) => () => macro.with(index, { ...block, stride: block.stride === 1 ? 2 : 1 }))

const changeStem: Neighbours = (genome, bounds) =>
  bounds.stemChannels
    .filter((stemChannels) => stemChannels !== genome.stemChannels)
    .map((stemChannels) => () => ({ ...genome, stemChannels }))

export const macroNeighbours = {
  insert_block: onMacro(insertBlock),
  remove_block: onMacro(removeBlock),
  swap_neighbours: onMacro(swapNeighbours),
  change_multiplier: onMacro(changeMultiplier),
  move_multiplier: onMacro(moveMultiplier),
  move_stride: onMacro(moveStride),
  toggle_stride: onMacro(toggleStride),
  change_stem: changeStem,
} as const satisfies Readonly<Record<string, Neighbours>>
