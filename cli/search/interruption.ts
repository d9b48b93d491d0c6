/** Ctrl-C and SIGTERM while a search runs: the first ends it in order, the second at once. */
export class Interruption {
  readonly requested: Promise<void>
  private readonly onSignal: () => void
  private count = 0

  constructor(insist: () => void) {
    let request: () => void = () => undefined
    this.requested = new Promise((resolve) => (request = resolve))
    this.onSignal = () => {
      this.count += 1
      if (this.count === 1) request()
      else insist()
    }
    process.on('SIGINT', this.onSignal)
    process.on('SIGTERM', this.onSignal)
  }

  get wasRequested(): boolean {
    return this.count > 0
  }

  dispose(): void {
    process.off('SIGINT', this.onSignal)
    process.off('SIGTERM', this.onSignal)
  }
}
