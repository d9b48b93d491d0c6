import { buildLayerGraph } from '../../shared/network/build.js'
import { parseGenome } from '../../shared/space/parse.js'
import { type StepTimeBound, probabilityOutside } from '../step-time/step-time-bound.js'
import { StepTimeModel } from '../step-time/step-time-model.js'
import type { AskedKeys } from './asked-keys.js'
import type { Observation, Proposal, SearchState } from './search.js'

/** Constraints that bear on the step time, and what it is measured at. Plain JSON. */
export interface StepTimeConstraint {
  readonly bound: StepTimeBound
  readonly batch: number
  readonly classes: number
  /** Of a whole training. */
  readonly resolution: number
  /** Resolution that trainings of a share of a whole one are measured at. */
  readonly measuredAt: readonly { readonly fidelity: number; readonly resolution: number }[]
}

/** What a search keeps of what it turned away. */
export interface AdmissionState {
  /** Networks that were chosen, predicted to break a constraint, and passed over for another. */
  readonly refused: number
  /** Of the latest proposals in a row, how many are predicted to break one like all that were looked at in their stead. */
  readonly concededInARow: number
  /** The latest of those that were passed over, which are not chosen again for now. */
  readonly recent: readonly string[]
}

/** What a search's state says of it; null = the search turns nothing away. */
export function admissionOf(state: SearchState): AdmissionState | null {
  return (state.admission as AdmissionState | undefined) ?? null
}

/** A training is expensive and a prediction is not certain: only what breaks a bound almost surely is turned away. */
const refusalProbability = 0.95
/** Networks passed over for one proposal at most; then the likeliest of them to keep to the bound is proposed. */
const mostRefused = 20
/** Networks passed over that are remembered: when so many others have come by, the model may have changed its mind. */
const mostRecent = 256

/**
 * Turns away candidates whose step time is predicted to break a constraint, by a model of the layer graph for each device class that
 * has measured some. Whoever trains a candidate may be of any class, so it has to break the constraint on all.
 */
export class Admission {
  private refused = 0
  private concededInARow = 0
  private recent: string[] = []
  private readonly models = new Map<string, StepTimeModel>()

  constructor(
    private readonly constraint: StepTimeConstraint,
    private readonly asked: Pick<AskedKeys<unknown>, 'add' | 'remove'>,
  ) {}

  /** The proposal, or what comes after it where it is turned away; never nothing where there is something. */
  admitted(next: () => Proposal | undefined): Proposal | undefined {
    const passedOver: { readonly proposal: Proposal; readonly outside: number }[] = []
    for (let proposal = next(); proposal !== undefined; proposal = next()) {
      const outside = this.probabilityOutside(proposal.key)
      if (outside < refusalProbability) {
        this.concededInARow = 0
        this.passOver(passedOver.map(({ proposal: { key } }) => key))
        return proposal
      }
      passedOver.push({ proposal, outside })
      this.asked.add(proposal.key)
      if (passedOver.length === mostRefused) break
    }
    return this.concede(passedOver)
  }

  learn({ key, objectives, fidelity = 1, deviceClass = '' }: Observation): void {
    const { batch, classes, measuredAt } = this.constraint
    const resolution = fidelity === 1 ? this.constraint.resolution : measuredAt.find((each) => each.fidelity === fidelity)?.resolution
    const stepMs = objectives?.stepMs
    if (resolution === undefined || stepMs === undefined || !Number.isFinite(stepMs) || stepMs <= 0) return
    const model = this.models.get(deviceClass) ?? new StepTimeModel()
    this.models.set(deviceClass, model)
    model.observe({ encoding: key, resolution, classes, batch, stepMs })
  }

  state(): AdmissionState {
    return { refused: this.refused, concededInARow: this.concededInARow, recent: [...this.recent] }
  }

  /** What it has learnt is told again. */
  restore({ refused, concededInARow, recent }: AdmissionState): void {
    this.refused = refused
    this.concededInARow = concededInARow
    this.recent = [...recent]
    for (const key of recent) this.asked.add(key)
  }

  /** Of every device class that can tell, the least; 0 where none can. */
  private probabilityOutside(key: string): number {
    const { bound, batch, classes, resolution } = this.constraint
    const graph = buildLayerGraph(parseGenome(key), { resolution, classes })
    const predictions = [...this.models.values()].map((model) => model.predict(graph, batch)).filter((prediction) => prediction !== null)
    return predictions.length === 0 ? 0 : Math.min(...predictions.map((prediction) => probabilityOutside(prediction, bound)))
  }

  private concede(passedOver: readonly { readonly proposal: Proposal; readonly outside: number }[]): Proposal | undefined {
    if (passedOver.length === 0) return undefined
    const likeliest = passedOver.reduce((best, each) => (each.outside < best.outside ? each : best)).proposal
    this.concededInARow++
    this.passOver(passedOver.map(({ proposal: { key } }) => key).filter((key) => key !== likeliest.key))
    return likeliest
  }

  private passOver(keys: readonly string[]): void {
    this.refused += keys.length
    this.recent.push(...keys)
    for (const key of this.recent.splice(0, Math.max(0, this.recent.length - mostRecent))) this.asked.remove(key)
  }
}
