/** Ctrl-C and SIGTERM while a search runs: the first ends its processes in order, the second ends this one at once, and they follow. */
export class Interruption {
  readonly requested: Promise<void>
  private isRequested = false

  constructor() {
    this.requested = new Promise((resolve) => {
      const onSignal = (): void => {
        if (this.isRequested) process.exit(130)
        this.isRequested = true
        resolve()
      }
      process.on('SIGINT', onSignal)
      process.on('SIGTERM', onSignal)
    })
  }

  get wasRequested(): boolean {
    return this.isRequested
  }
}
