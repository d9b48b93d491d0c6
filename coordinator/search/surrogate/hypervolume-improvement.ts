import { hypervolume } from '../hypervolume.js'
import type { Costs } from '../objective.js'
import { ParetoArchive } from '../pareto-archive.js'

/** The hypervolume that a point would add to a front, all minimised. */
export function hypervolumeImprovement(front: readonly Costs[], reference: Costs): (point: Costs) => number {
  return reference.length === 2 ? improvement2D(front, reference) : improvement(front, reference)
}

/** The box that the point dominates, less what the front dominates of it. */
function improvement(front: readonly Costs[], reference: Costs): (point: Costs) => number {
  return (point) => {
    const box = reference.reduce((product, bound, i) => product * Math.max(0, bound - point[i]), 1)
    if (box === 0) return 0
    return Math.max(0, box - hypervolume(front.map((costs) => costs.map((cost, i) => Math.max(cost, point[i]))), reference))
  }
}

function improvement2D(front: readonly Costs[], [referenceX, referenceY]: Costs): (point: Costs) => number {
  const archive = new ParetoArchive<null>()
  for (const costs of front) archive.insert(costs, null)
  const xs = [...archive.entries.map(({ costs }) => costs[0]), Infinity]
  const ys = archive.entries.map(({ costs }) => costs[1])
  return ([x, y]) => {
    let step = 0
    for (let end = xs.length; step < end; ) {
      const middle = (step + end) >>> 1
      if (xs[middle] <= x) step = middle + 1
      else end = middle
    }
    let left = x
    let gained = 0
    // Slab by slab to the right, until the front lies below the point.
    for (let ceiling = step === 0 ? referenceY : Math.min(referenceY, ys[step - 1]); ceiling > y && left < referenceX; step++) {
      const right = Math.min(xs[step], referenceX)
      gained += (right - left) * (ceiling - y)
      left = right
      ceiling = Math.min(ceiling, ys[step])
    }
    return gained
  }
}
