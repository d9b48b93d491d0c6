/**
 * Bytes by key (decoded pixels, or encoded files), up to a budget. What came first stays: every image is asked for once an
 * epoch in a new order, and then evicting the least recently used would evict what comes next.
 */
export class ByteCache {
  private readonly entries = new Map<string, Buffer>()
  private usedBytes = 0

  constructor(private readonly budgetBytes: number) {}

  has(key: string): boolean {
    return this.entries.has(key)
  }

  async get(key: string, load: () => Promise<Buffer>): Promise<Buffer> {
    const cached = this.entries.get(key)
    if (cached !== undefined) return cached
    const loaded = await load()
    if (!this.entries.has(key) && this.usedBytes + loaded.byteLength <= this.budgetBytes) {
      this.entries.set(key, loaded)
      this.usedBytes += loaded.byteLength
    }
    return loaded
  }
}
