import { canonicalEncoding } from '../../shared/space/canonical.js'
import { quoteEncoding } from '../../shared/space/invalid-encoding.js'
import { parseEncoding } from '../../shared/space/parse.js'
import type { Line } from './read-lines.js'

/** What is said of one line. */
export interface Verdict {
  /** The line; cut where it is longer than 4096 characters, `characters` then says how long it is. */
  readonly input: string
  readonly characters?: number
  readonly valid: boolean
  readonly canonical?: string
  readonly reason?: string
  /** Of the character that breaks the rule, from 0. */
  readonly position?: number
}

export function judge({ text, characters }: Line): Verdict {
  const input = characters > text.length ? { input: text, characters } : { input: text }
  const parsed = parseEncoding(text)
  if (parsed.ok) return { ...input, valid: true, canonical: canonicalEncoding(parsed.genome) }
  return { ...input, valid: false, reason: parsed.reason, position: parsed.position }
}

/** Verdicts on all lines but blank ones, counted as they come. */
export async function* judgeLines(lines: AsyncIterable<Line>, count: { lines: number; invalid: number }): AsyncGenerator<Verdict> {
  for await (const line of lines) {
    if (line.characters === 0) continue
    const verdict = judge(line)
    count.lines++
    if (!verdict.valid) count.invalid++
    yield verdict
  }
}

/** A verdict for people. */
export function verdictLine({ input, valid, canonical, reason, position }: Verdict): string {
  if (!valid) return `invalid  ${quoteEncoding(input)}: ${reason} (position ${position})`
  return canonical === input ? `valid    ${input}` : `valid    ${input}  the same network as ${canonical}`
}
