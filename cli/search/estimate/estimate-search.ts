import { withPhases } from '../../../coordinator/run/phases-of.js'
import { rungsOf } from '../../../coordinator/run/fidelity.js'
import { type Estimate, type PlannedTraining, endTimes, estimateSearchHours, expectedMs, stepsOfEpoch, withSpread } from '../../../coordinator/step-time/search-hours.js'
import { stepFeatures } from '../../../coordinator/step-time/step-features.js'
import { type StepTimeFit, type StepTimePrediction, fitStepTime, predictStep } from '../../../coordinator/step-time/step-time-fit.js'
import { type TrainingTimeFit, fitTrainingTime, knownOverhead } from '../../../coordinator/step-time/training-time-fit.js'
import type { SearchConfig } from '../../../shared/config/search-config.js'
import { buildLayerGraph } from '../../../shared/network/build.js'
import { parseGenome } from '../../../shared/space/parse.js'
import type { Precision } from '../../../shared/training/specification.js'
import { type RehearsedTraining, rehearse } from '../../../simulator/rehearsal.js'
import type { Calibration } from './calibration.js'
import type { PlannedImages } from './planned-images.js'

export interface PartEstimate {
  readonly trainings: number
  readonly slotHours: Estimate
}

export interface RungEstimate extends PartEstimate {
  readonly epochs: number
  readonly resolution: number
}

export interface PhaseEstimate extends PartEstimate {
  readonly name: string
}

/** A search on devices of one class. */
export interface DeviceEstimate {
  readonly deviceClass: string
  readonly precision: Precision
  /** Steps, and whole trainings, that the calibration has. */
  readonly timed: { readonly steps: number; readonly trainings: number }
  /** What a training takes beside its steps, seconds, and how much longer steps take within one than by themselves. */
  readonly overheadSeconds: number
  readonly slowdown: number
  readonly trainings: number
  /** GPU hours, summed over slots. */
  readonly slotHours: Estimate
  readonly wallHours: Estimate
  /** One, the whole training, where the config names none. */
  readonly rungs: readonly RungEstimate[]
  /** None where the config names none. */
  readonly phases: readonly PhaseEstimate[]
  /** How many trainings are expected to end within the config's time limit; null = it has none. */
  readonly timeLimit: { readonly hours: number; readonly trainings: number } | null
}

export interface EstimateOptions {
  readonly config: SearchConfig
  readonly images: PlannedImages
  readonly slots: number
}

/** Courses that a search may take, each with other accuracies. */
const courses = 3
/** Candidates of a rehearsal; in a search of more, each stands for several. */
const mostRehearsed = 200

const millisecondsPerHour = 3_600_000

/** What a search takes on the devices of a calibration. */
export function estimateSearch(calibration: Calibration, given: EstimateOptions): DeviceEstimate {
  const options = { ...given, config: withPhases(given.config, null) }
  const { config, slots } = options
  const time = calibration.trainings.length === 0 ? knownOverhead(calibration.overheadMs) : fitTrainingTime(calibration.trainings)
  const rehearsed = new Rehearsals(fitStepTime(calibration.steps), options).courses()
  const planned = rehearsed.map((course) => course.map(({ planned: training }) => training))
  const { slotHours, wallHours, logDeviation } = estimateSearchHours(planned, { slots, time })
  const part = (belongs: (training: Rehearsed) => boolean): PartEstimate => partOf(rehearsed, belongs, time, logDeviation)
  const { timeLimit } = config.search
  return {
    deviceClass: calibration.deviceClass,
    precision: calibration.precision,
    timed: { steps: calibration.steps.length, trainings: calibration.trainings.length },
    overheadSeconds: time.overheadMs / 1000,
    slowdown: time.slowdown,
    trainings: part(() => true).trainings,
    slotHours,
    wallHours,
    rungs: rungsOf(config).map(({ epochs, resolution = config.training.resolution }, rung) => ({ epochs, resolution, ...part((training) => training.rung === rung) })),
    phases: (config.phases ?? []).map(({ name }) => ({ name, ...part((training) => training.phase === name) })),
    timeLimit: timeLimit === undefined ? null : { hours: timeLimit / millisecondsPerHour, trainings: endedWithin(planned, timeLimit, slots, time) },
  }
}

interface Rehearsed extends RehearsedTraining {
  readonly planned: PlannedTraining
}

function partOf(rehearsed: readonly (readonly Rehearsed[])[], belongs: (training: Rehearsed) => boolean, time: TrainingTimeFit, logDeviation: number): PartEstimate {
  const chosen = rehearsed.flatMap((course) => course.filter(belongs))
  const milliseconds = chosen.reduce((sum, { planned }) => sum + expectedMs(planned, time), 0) / rehearsed.length
  return { trainings: Math.round(chosen.length / rehearsed.length), slotHours: withSpread(milliseconds / millisecondsPerHour, logDeviation) }
}

function endedWithin(planned: readonly (readonly PlannedTraining[])[], limitMs: number, slots: number, time: TrainingTimeFit): number {
  const ended = planned.map((course) => endTimes(course.map((training) => expectedMs(training, time)), slots).filter((endMs) => endMs <= limitMs).length)
  return Math.round(ended.reduce((sum, count) => sum + count, 0) / ended.length)
}

class Rehearsals {
  private readonly predictions = new Map<string, StepTimePrediction>()

  constructor(
    private readonly fit: StepTimeFit,
    private readonly options: EstimateOptions,
  ) {}

  /** The trainings of the whole search, course by course. */
  courses(): Rehearsed[][] {
    const { config, images } = this.options
    const { candidates } = config.search
    const rehearsedConfig = shortened(config)
    const stepMs = (encoding: string, rung: number): number => this.predict(encoding, rung).stepMs
    return Array.from({ length: courses }, (_, seed) => {
      const course = rehearse({ config: rehearsedConfig, classes: images.classes, stepMs, seed }).map((training) => this.planned(training))
      return stretched(course, candidates / rehearsedConfig.search.candidates)
    })
  }

  private planned(training: RehearsedTraining): Rehearsed {
    const { config, images } = this.options
    const { encoding, rung } = training
    const rungs = rungsOf(config)
    const epochs = rungs[rung].epochs - (rung === 0 ? 0 : rungs[rung - 1].epochs)
    const { train, validation } = images.rungs[rung]
    return { ...training, planned: { step: this.predict(encoding, rung), steps: epochs * stepsOfEpoch(train, validation, config.training.batch) } }
  }

  private predict(encoding: string, rung: number): StepTimePrediction {
    const { config, images } = this.options
    const { resolution = config.training.resolution } = rungsOf(config)[rung]
    const key = `${encoding} ${resolution}`
    const known = this.predictions.get(key)
    if (known !== undefined) return known
    const graph = buildLayerGraph(parseGenome(encoding), { resolution, classes: images.classes })
    const prediction = predictStep(this.fit, stepFeatures(graph, config.training.batch, 'training'))
    this.predictions.set(key, prediction)
    return prediction
  }
}

/** The same search with fewer candidates, each phase by as much. */
function shortened(config: SearchConfig): SearchConfig {
  const share = Math.min(1, mostRehearsed / config.search.candidates)
  const fewer = (count: number): number => Math.ceil(share * count)
  const phases = config.phases?.map((phase) => (phase.budget === undefined ? phase : { ...phase, budget: fewer(phase.budget) }))
  return { ...config, search: { ...config.search, candidates: fewer(config.search.candidates) }, ...(phases && { phases: phases }) }
}

/** Each training as often as it stands for. */
function stretched<T>(course: readonly T[], factor: number): T[] {
  return Array.from({ length: Math.round(course.length * factor) }, (_, i) => course[Math.min(course.length - 1, Math.floor(i / factor))])
}
