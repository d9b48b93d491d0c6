import type { BlockGenome, Genome, MacroBlock } from './genome.js'

export function formatBlock({ operations, ratios, skips }: BlockGenome): string {
  const layers = operations.map((operation, index) => `${operation}${index < ratios.length ? ratios[index] : ''}`).join('')
  return `${layers}-${skips.map(({ kind, from, to }) => `${kind === 'add' ? 'a' : 'c'}${from}${to}`).join('')}`
}

export function formatMacro(macro: readonly MacroBlock[]): string {
  return macro.map(({ multiplier, stride }) => `${stride === 2 ? '-' : ''}${multiplier}`).join('')
}

/** The genome as it stands, not its canonical form: `parseGenome(formatGenome(genome))` equals `genome`. */
export function formatGenome({ block, stemChannels, macro }: Genome): string {
  return `${formatBlock(block)}_${stemChannels}_${formatMacro(macro)}`
}
