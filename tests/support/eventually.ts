/** Values as they come, for a test to await. */
export class Eventually<T> {
  readonly seen: T[] = []
  private next = 0
  private waiting: (() => void)[] = []

  push(value: T): void {
    this.seen.push(value)
    const woken = this.waiting
    this.waiting = []
    for (const resume of woken) resume()
  }

  /** The first value that satisfies the condition, from behind the one that the last call gave. */
  async until(condition: (value: T) => boolean): Promise<T> {
    for (;;) {
      for (; this.next < this.seen.length; this.next++) {
        if (condition(this.seen[this.next])) return this.seen[this.next++]
      }
      await new Promise<void>((resolve) => this.waiting.push(resolve))
    }
  }
}
