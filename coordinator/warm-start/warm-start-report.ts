import { plural } from '../../shared/plural.js'
import { deviceClassesOf } from './read-earlier-search.js'
import type { WarmStart } from './warm-start.js'

/**
 * What came of a warm start, in lines for people: how much was known, what is trained first, what was taken over and why not the rest.
 * @param takenOver null = not settled yet
 */
export function warmStartReport({ sources, results }: WarmStart, takenOver: number | null): string[] {
  const bySource = sources.map(({ from, networks, outside, first, reason }) => {
    const beyond = outside === 0 ? '' : ` (${outside} outside the space)`
    return `warm start from ${from}: ${plural(networks, 'network')} known${beyond}, ${first} to train first; ${reason === null ? 'its results can be compared' : `no result can count here: ${reason}`}`
  })
  return results.length === 0 ? bySource : [...bySource, `warm start: ${takenLine(results, takenOver)}`]
}

function takenLine(results: WarmStart['results'], takenOver: number | null): string {
  const classes = deviceClassesOf(results).join(' and ')
  if (takenOver === null) return `${plural(results.length, 'result')} of ${classes} may count here; the first worker decides, by its device`
  const rest = results.length - takenOver
  const left = rest === 0 ? '' : `; ${rest} only inform, since they were not measured on a device of this search (but on ${classes})`
  return `${plural(takenOver, 'result')} taken over, not trained again${left}`
}
