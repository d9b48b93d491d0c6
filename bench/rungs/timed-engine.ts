import type { TrainableNetwork, TrainingEngine } from '../../worker/trainer/engine.js'

/** Processor time that this process has had, seconds. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** One program of a network, at one batch size: what its runs have cost, seconds. */
interface Runs {
  readonly count: number
  readonly fastest: number
  readonly total: number
}

/**
 * Counts the processor time of training and evaluation steps, since whatever else the machine does, they need no more of it. Each
 * counts as much as the fastest one of its program: the first run, in which TensorFlow prepares the program, and those beside which
 * the images are read for the first time cost many times that, in a training of seconds, and nothing to speak of in one of hours.
 */
export class TimedEngine implements TrainingEngine {
  /** Of steps, each as long as the fastest. */
  seconds = 0
  /** Of the whole process during steps, preparation of the programs and the reading of images beside them included. */
  processorSeconds = 0

  constructor(private readonly engine: TrainingEngine) {}

  get device(): TrainingEngine['device'] {
    return this.engine.device
  }

  async open(request: Parameters<TrainingEngine['open']>[0]): Promise<TrainableNetwork> {
    const network = await this.engine.open(request)
    const programs = new Map<string, Runs>()
    const timed = <Result>(program: string, run: () => Result): Result => {
      const start = processorSeconds()
      const result = run()
      const seconds = processorSeconds() - start
      const { count, fastest, total } = programs.get(program) ?? { count: 0, fastest: Infinity, total: 0 }
      programs.set(program, { count: count + 1, fastest: Math.min(fastest, seconds), total: total + seconds })
      return result
    }
    return {
      initialize: (seed) => network.initialize(seed),
      trainStep: (batch, learningRate) => timed(`train ${batch.labels.length}`, () => network.trainStep(batch, learningRate)),
      evaluateStep: (batch) => timed(`evaluate ${batch.labels.length}`, () => network.evaluateStep(batch)),
      benchmarkStep: () => network.benchmarkStep(),
      precision: network.precision,
      shapes: network.shapes,
      read: () => network.read(),
      restore: (variables) => network.restore(variables),
      close: () => {
        for (const { count, fastest, total } of programs.values()) {
          this.seconds += count * fastest
          this.processorSeconds += total
        }
        network.close()
      },
    }
  }
}
