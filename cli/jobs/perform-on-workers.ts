import type { WorkerStatus } from '../../shared/cluster/worker-description.js'
import { formatGibibytes } from '../../shared/gibibytes.js'
import { ControlClient } from '../../shared/rpc/control-client.js'
import { openEndpoint, type EndpointWords } from '../cluster/endpoint.js'
import { UsageError } from '../output.js'

export interface WorkersWords extends EndpointWords {
  readonly action: 'list' | 'cordon' | 'uncordon'
  readonly worker: string | undefined
  readonly reason: string
}

export interface Performed {
  /** For machines. */
  readonly document: unknown
  /** For people. */
  readonly text: string
}

/** @throws UsageError where the action needs a worker and none is named; whatever the coordinator answers */
export async function performOnWorkers(words: WorkersWords): Promise<Performed> {
  const { endpoint, close } = await openEndpoint(words)
  const client = new ControlClient(endpoint)
  try {
    return words.action === 'list' ? listed(await client.listWorkers()) : await cordoned(client, words)
  } finally {
    client.close()
    await close()
  }
}

async function cordoned(client: ControlClient, { action, worker, reason }: WorkersWords): Promise<Performed> {
  if (worker === undefined) throw new UsageError(`name the worker: nasoa workers ${action} NAME`)
  const isCordoned = action === 'cordon'
  const workerId = await client.cordonWorker(worker, isCordoned, reason)
  return { document: { workerId, cordoned: isCordoned }, text: `${worker} ${isCordoned ? 'gets no further jobs' : 'is in service'}` }
}

function listed(workers: readonly WorkerStatus[]): Performed {
  const lines = workers.map(({ name, deviceClass, memoryBytes, slots, busySlots, draining, cordoned: why, address }) => {
    const state = why !== null ? `cordoned: ${why}` : draining ? 'draining' : `${busySlots} of ${slots} slots busy`
    const memory = memoryBytes === undefined ? '' : `, ${formatGibibytes(memoryBytes)}`
    return `${name}  ${deviceClass}${memory}  ${address}  ${state}`
  })
  return { document: { workers }, text: lines.length > 0 ? lines.join('\n') : 'no worker is connected' }
}
