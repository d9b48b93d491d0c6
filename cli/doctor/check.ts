import { messageOf } from '../../shared/errors.js'

/** One thing that was looked at. */
export interface Check {
  readonly name: string
  readonly ok: boolean
  readonly value: string
  /** What to do, on one line; present where something is wrong. */
  readonly advice?: string
}

export function passed(name: string, value: string): Check {
  return { name, ok: true, value }
}

export function failed(name: string, value: string, advice: string): Check {
  return { name, ok: false, value, advice }
}

/** A check by what it throws: a message ends with what to do, so it is the advice too. */
export async function checkOf(name: string, look: () => Promise<string> | string): Promise<Check> {
  try {
    return passed(name, await look())
  } catch (error) {
    return failed(name, 'failed', messageOf(error))
  }
}
