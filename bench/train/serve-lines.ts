import { createInterface } from 'node:readline'
import { messageOf } from '../../shared/errors.js'

/** One question of the bench; `kind` says which. */
export type Question = Readonly<Record<string, unknown>> & { readonly kind: string }

/** Answers each line of JSON on stdin with one on stdout, in turn; ends with stdin. */
export async function serveLines(answer: (question: Question) => Promise<Record<string, unknown>>): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const reply = await answer(JSON.parse(line) as Question).catch((error: unknown) => ({ error: messageOf(error).slice(0, 400) }))
    process.stdout.write(`${JSON.stringify(reply)}\n`)
  }
}
