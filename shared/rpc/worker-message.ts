import type { HeldAttempt } from '../cluster/attempt.js'
import type { WorkerDescription, WorkerStatus } from '../cluster/worker-description.js'
import { identifier, remark, text, whole } from './checked.js'
import type { Worker as WorkerMessage } from './gen/nasoa/v1/control.js'
import type { RegisterRequest } from './gen/nasoa/v1/worker.js'
import { heldFromMessage, heldToMessage } from './job-message.js'

/** What a worker says when it opens a session. */
export interface Registration {
  readonly worker: WorkerDescription
  readonly held: readonly HeldAttempt[]
  /** The search that they belong to; empty = there are none. */
  readonly searchId: string
}

const mostSlots = 1024
const mostLabels = 32

export function registrationToMessage({ worker, held, searchId }: Registration): RegisterRequest {
  return { ...worker, ...detailsToMessage(worker), held: held.map(heldToMessage), searchId }
}

export function registrationFromMessage(message: RegisterRequest): Registration {
  if (message.held.length > mostSlots * 2) whole(message.held.length, 0, mostSlots * 2, 'number of held attempts')
  const worker = {
    workerId: identifier(message.workerId, 'worker_id'),
    name: remark(text(message.name, 100, 'name')),
    version: remark(text(message.version, 50, 'version')),
    slots: whole(message.slots, 1, mostSlots, 'slots'),
    deviceClass: remark(text(message.deviceClass, 200, 'device_class')),
    threadsPerSlot: whole(message.threadsPerSlot, 1, 4096, 'threads_per_slot'),
    memoryBytes: memoryFromMessage(message.memoryBytes),
    labels: labelsFromMessage(message.labels),
  }
  return { worker, held: message.held.map(heldFromMessage), searchId: remark(message.searchId, 100) }
}

function detailsToMessage({ labels, memoryBytes = 0 }: WorkerDescription): { labels: Record<string, string>; memoryBytes: bigint } {
  return { labels: { ...labels }, memoryBytes: BigInt(Math.round(memoryBytes)) }
}

function memoryFromMessage(bytes: bigint): number | undefined {
  const memoryBytes = whole(bytes, 0, 2 ** 50, 'memory_bytes')
  return memoryBytes === 0 ? undefined : memoryBytes
}

function labelsFromMessage(labels: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(labels)
  whole(entries.length, 0, mostLabels, 'number of labels')
  return Object.fromEntries(entries.map(([key, value]) => [identifier(key, 'label'), remark(value, 100)]))
}

export function workerToMessage(worker: WorkerStatus): WorkerMessage {
  const { lastSeenMs, cordoned, ...rest } = worker
  return { ...rest, ...detailsToMessage(worker), lastSeenMs: BigInt(Math.round(lastSeenMs)), cordoned: cordoned === null ? undefined : remark(cordoned) }
}

export function workerFromMessage(message: WorkerMessage): WorkerStatus {
  return { ...message, memoryBytes: memoryFromMessage(message.memoryBytes), lastSeenMs: Number(message.lastSeenMs), cordoned: message.cordoned === undefined ? null : remark(message.cordoned) }
}
