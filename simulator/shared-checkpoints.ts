/** The artifact store that all workers reach: how many epochs of each candidate it has a checkpoint of. */
export class SharedCheckpoints {
  private readonly epochs = new Map<number, number>()

  /** Epochs that whoever trains the candidate next need not train again. */
  epochsOf(candidate: number): number {
    return this.epochs.get(candidate) ?? 0
  }

  keep(candidate: number, epochs: number): void {
    this.epochs.set(candidate, Math.max(epochs, this.epochsOf(candidate)))
  }
}
