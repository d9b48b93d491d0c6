/** What a worker says of itself when it registers. */
export interface WorkerDescription {
  /** Stable over restarts: 1 to 64 letters, digits, dots, dashes, underscores. */
  readonly workerId: string
  /** For people. */
  readonly name: string
  readonly version: string
  /** Slots are numbered from 0. */
  readonly slots: number
  /** The processor's model and threads, or the GPU's name; equal for interchangeable devices. */
  readonly deviceClass: string
  readonly threadsPerSlot: number
  /** Memory that one training has: of its GPU, or an equal share of the machine's; absent = not known. */
  readonly memoryBytes?: number | undefined
  /** Anything worth knowing of it, for people: zone, rack, spot. */
  readonly labels?: Readonly<Record<string, string>>
}

/** A registered worker, as people see it. */
export interface WorkerStatus extends WorkerDescription {
  readonly busySlots: number
  readonly draining: boolean
  /** Why it gets no jobs until an operator lets it; null = it gets some. */
  readonly cordoned: string | null
  /** Milliseconds since the Unix epoch. */
  readonly lastSeenMs: number
  readonly address: string
}
