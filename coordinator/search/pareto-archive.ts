import { dominates } from './dominance.js'
import type { Costs } from './objective.js'

export interface ArchiveEntry<T> {
  readonly costs: Costs
  readonly item: T
}

/**
 * The non-dominated entries of all that was inserted. Of entries with equal costs the first one stays.
 * With two objectives an insert takes O(log n) comparisons: the front is sorted, so a newcomer is compared with its neighbours,
 * and each entry it displaces is displaced once. With other counts an insert compares with every entry.
 */
export class ParetoArchive<T> {
  private readonly front: ArchiveEntry<T>[] = []

  /** In ascending order of the first cost when there are two objectives, otherwise in the order of insertion. */
  get entries(): readonly ArchiveEntry<T>[] {
    return this.front
  }

  /** Whether the entry joined the front. */
  insert(costs: Costs, item: T): boolean {
    return costs.length === 2 ? this.insertSorted(costs, item) : this.insertScanning(costs, item)
  }

  private insertSorted(costs: Costs, item: T): boolean {
    const [x, y] = costs
    let low = 0
    let high = this.front.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.front[middle].costs[0] < x) low = middle + 1
      else high = middle
    }
    if (low > 0 && this.front[low - 1].costs[1] <= y) return false
    if (low < this.front.length && this.front[low].costs[0] === x && this.front[low].costs[1] <= y) return false
    let end = low
    while (end < this.front.length && this.front[end].costs[1] >= y) end++
    this.front.splice(low, end - low, { costs, item })
    return true
  }

  private insertScanning(costs: Costs, item: T): boolean {
    const isCovered = (entry: ArchiveEntry<T>): boolean => entry.costs.every((cost, i) => cost <= costs[i])
    if (this.front.some(isCovered)) return false
    const kept = this.front.filter((entry) => !dominates(costs, entry.costs))
    this.front.splice(0, this.front.length, ...kept, { costs, item })
    return true
  }
}
