import type { ZooCandidate } from './zoo.js'

const columns = ['encoding', 'top1', 'imagesPerSecond', 'stepMs', 'params', 'macs', 'activations'] as const satisfies readonly (keyof ZooCandidate)[]

/** A field as RFC 4180 writes it: quoted where it holds a comma, a quote or a line break. */
function field(value: string | number): string {
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** The zoo as a table: a header, then one line a network (RFC 4180, CRLF line ends). */
export function zooCsv(zoo: readonly ZooCandidate[]): string {
  const lines = [columns.join(','), ...zoo.map((candidate) => columns.map((column) => field(candidate[column])).join(','))]
  return lines.map((line) => `${line}\r\n`).join('')
}
