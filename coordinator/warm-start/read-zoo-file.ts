import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { InvalidInputError, messageOf } from '../../shared/errors.js'
import type { WarmStartSource } from './known-network.js'
import { canonicalAt } from './read-table.js'

const zooSchema = z.object({
  deviceClasses: z.array(z.string()).default([]),
  zoo: z.array(z.object({ encoding: z.string(), top1: z.number().min(0).max(1), stepMs: z.number().positive() })),
})

/** A zoo.json, or the JSON that a search prints: its front. @throws InvalidInputError */
export function readZooFile(path: string, from: string): WarmStartSource {
  const { zoo, deviceClasses } = parseZoo(path)
  const networks = zoo.map(({ encoding, top1, stepMs }, i) => ({ encoding: canonicalAt(encoding, `${path}: zoo.${i}`), top1, stepMs }))
  return { from, areTimesComparable: deviceClasses.length <= 1, networks, results: [], evaluation: null }
}

function parseZoo(path: string): z.output<typeof zooSchema> {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new InvalidInputError(`cannot read the zoo ${path}: ${messageOf(error)}`, {}, { cause: error })
  }
  const parsed = zooSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [{ path: place, message }] = parsed.error.issues
  throw new InvalidInputError(`${path} is no zoo of a search: ${place.join('.') || 'the whole'}: ${message}`)
}
