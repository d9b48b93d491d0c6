import type { SearchConfig } from '../../shared/config/search-config.js'
import type { NetworkCost } from '../../shared/network/cost.js'
import { type TimedSize, fitSizeCosts, predictImageMs } from '../step-time/size-cost-fit.js'
import { fidelityOf, rungsOf } from './fidelity.js'
import type { Verdict } from './observation.js'

/** Results of a device class that lengths are judged by: the latest. */
const mostTimed = 64

/** Tells which trainings take longer than others, by what workers have measured; times of different device classes are not mixed. */
export class TrainingLengths {
  private readonly timed = new Map<string, TimedSize[]>()

  constructor(private readonly config: SearchConfig) {}

  /** @param cost at the resolution of a whole training */
  tell(cost: NetworkCost, outcome: Verdict, rung: number): void {
    if (outcome.kind !== 'succeeded') return
    const { deviceClass, stepMs } = outcome.result
    const imageMs = stepMs.median / this.config.training.batch / this.pixelShare(rung)
    if (!(imageMs > 0) || !Number.isFinite(imageMs)) return
    const timed = this.timed.get(deviceClass) ?? []
    this.timed.set(deviceClass, timed)
    timed.push({ cost, imageMs })
    if (timed.length > mostTimed) timed.shift()
  }

  /** Lengths to be compared with each other, as far as is known now, on the device class that has measured the most; by MACs while none has measured any. */
  measure(): (cost: NetworkCost, rung: number) => number {
    const most = [...this.timed.values()].reduce<TimedSize[]>((best, each) => (each.length > best.length ? each : best), [])
    const costs = most.length === 0 ? [1, 0] : fitSizeCosts(most)
    return (cost, rung) => predictImageMs(costs, cost) * (fidelityOf(this.config, rung) - this.fidelityBefore(rung))
  }

  /** What a rung has gone through of a whole training when it begins, in images of its own size. */
  private fidelityBefore(rung: number): number {
    if (rung === 0) return 0
    const rungs = rungsOf(this.config)
    return (fidelityOf(this.config, rung) * rungs[rung - 1].epochs) / rungs[rung].epochs
  }

  private pixelShare(rung: number): number {
    const { training } = this.config
    return ((rungsOf(this.config)[rung].resolution ?? training.resolution) / training.resolution) ** 2
  }
}
