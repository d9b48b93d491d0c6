import type { ZooCandidate } from '../../coordinator/zoo/zoo.js'
import type { SearchZoo } from './collect-zoo.js'
import type { ZooFiles } from '../../coordinator/zoo/write-zoo.js'

const header = ['top-1', 'images/s', 'step ms', 'params', 'MACs', 'encoding'] as const

function row({ top1, imagesPerSecond, stepMs, params, macs, encoding }: ZooCandidate): string[] {
  return [`${(top1 * 100).toFixed(1)} %`, imagesPerSecond.toFixed(0), stepMs.toFixed(1), scaled(params), scaled(macs), encoding]
}

function scaled(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)} G`
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`
  return value >= 1e3 ? `${(value / 1e3).toFixed(1)} k` : String(value)
}

/** The front as a table for a terminal, fastest network first. */
export function zooTable(zoo: readonly ZooCandidate[]): string {
  const rows = [[...header], ...zoo.map(row)]
  const widths = header.map((_, column) => Math.max(...rows.map((cells) => cells[column].length)))
  return rows.map((cells) => cells.map((cell, i) => (i === header.length - 1 ? cell : cell.padStart(widths[i]))).join('  ')).join('\n')
}

/** What people read at the end of a search: the front, and where the files are. */
export function zooSummary(zoo: SearchZoo, files: ZooFiles): string {
  const unsuccessful = zoo.unsuccessful > 0 ? ` (${zoo.unsuccessful} without a result)` : ''
  const taken = zoo.takenOver > 0 ? `, ${zoo.takenOver} taken over from other searches` : ''
  const mixed = zoo.deviceClasses.length > 1 ? `\nmeasured on ${zoo.deviceClasses.join(' and ')}: throughputs of different devices are not comparable` : ''
  const front = zoo.zoo.length > 0 ? `\n\n${zooTable(zoo.zoo)}\n` : ''
  const blocks = files.blockPlot === null ? '' : `\nblocks   ${files.blockPlot}`
  return (
    `${zoo.name}: ${zoo.candidates} candidates trained${unsuccessful}${taken}, ${zoo.zoo.length} on the Pareto front, hypervolume ${zoo.hypervolume.toFixed(3)}` +
    `${mixed}${front}\nfront    ${files.json}\n         ${files.csv}\npicture  ${files.plot}${blocks}`
  )
}
