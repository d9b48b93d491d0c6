import ms, { type StringValue } from 'ms'
import { z } from 'zod'

/** Milliseconds of a duration such as `90s`, `4m`, `1.5h`; null when the text is none. */
export function parseDuration(text: string): number | null {
  if (!/^\d+(\.\d+)?\s*[a-z]+$/i.test(text) || text.length > 40) return null
  const value = ms(text as StringValue) as number | undefined
  return value !== undefined && Number.isFinite(value) && value > 0 ? Math.round(value) : null
}

/** `4m`, `90s`, `500ms`, in the words of a progress line. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1000))
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m ${String(seconds % 60).padStart(2, '0')}s`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours}h ${String(minutes % 60).padStart(2, '0')}m` : `${Math.floor(hours / 24)}d ${hours % 24}h`
}

/** A duration in a config: text with a unit in, milliseconds out. */
export const durationSchema = z.string().transform((text, context) => {
  const value = parseDuration(text)
  if (value !== null) return value
  context.addIssue({ code: 'custom', message: `not a duration: write a number and a unit, such as 90s, 4m or 1.5h` })
  return z.NEVER
})
