import type { NetworkRequest, TrainableNetwork, TrainingEngine } from '../../worker/trainer/engine.js'

type StepResult = ReturnType<TrainableNetwork['trainStep']>

/** What a scripted network does in a step; the default learns nothing and takes no time. */
export interface Script {
  readonly trainStep?: (step: number, learningRate: number) => StepResult
  readonly evaluateStep?: (labels: Int32Array) => { lossSum: number; correct: number }
  readonly benchmarkStep?: () => void
}

/** Stands in for TensorFlow where the loop around the steps is under test: one variable, the number of steps taken. */
export class FakeNetwork implements TrainableNetwork {
  readonly precision = 'float32'
  readonly shapes = new Map([['step', []]])
  readonly rates: number[] = []
  readonly labels: number[][] = []
  closed = false
  private step = 0

  constructor(private readonly script: Script) {}

  initialize(): void {
    this.step = 0
  }

  trainStep({ labels }: { labels: Int32Array }, learningRate: number) {
    this.labels.push([...labels])
    this.rates.push(learningRate)
    const result = this.script.trainStep?.(this.step, learningRate) ?? { loss: 1, correct: 0, skipped: false, diverged: false }
    this.step += 1
    return result
  }

  evaluateStep({ labels }: { labels: Int32Array }) {
    return this.script.evaluateStep?.(labels) ?? { lossSum: labels.length, correct: 0 }
  }

  benchmarkStep(): void {
    this.script.benchmarkStep?.()
  }

  read(): Map<string, Float32Array> {
    return new Map([['step', Float32Array.of(this.step)]])
  }

  restore(variables: ReadonlyMap<string, Float32Array>): void {
    this.step = variables.get('step')?.[0] ?? NaN
  }

  close(): void {
    this.closed = true
  }
}

export class FakeEngine implements TrainingEngine {
  readonly device = { deviceClass: 'test device', tensorflow: '0.0.0' }
  readonly requests: NetworkRequest[] = []
  readonly networks: FakeNetwork[] = []

  constructor(private readonly script: Script = {}) {}

  open(request: NetworkRequest): Promise<FakeNetwork> {
    const network = new FakeNetwork(this.script)
    this.requests.push(request)
    this.networks.push(network)
    return Promise.resolve(network)
  }

  /** The network opened last. */
  get network(): FakeNetwork {
    return this.networks[this.networks.length - 1]
  }
}
