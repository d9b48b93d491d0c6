import type { SearchSnapshot } from '../../shared/cluster/search-snapshot.js'
import type { WorkerStatus } from '../../shared/cluster/worker-description.js'
import { holdProcess } from '../../shared/discovery/hold-process.js'
import { ControlClient } from '../../shared/rpc/control-client.js'
import { printJson, type GlobalOptions } from '../output.js'
import { openEndpoint, type EndpointWords } from './endpoint.js'

type ControlWords = EndpointWords & GlobalOptions

export async function showStatus(words: ControlWords): Promise<void> {
  const { snapshot, workers } = await withControl(words, async (client) => ({ snapshot: await client.getSearch(), workers: await client.listWorkers() }))
  if (words.json) printJson({ ...snapshot, workerList: workers })
  else process.stdout.write(`${[summary(snapshot), ...workers.map(line)].join('\n')}\n`)
}

export async function stopSearch(words: ControlWords & { readonly reason: string; readonly cancel: boolean }): Promise<void> {
  const snapshot = await withControl(words, (client) => client.stopSearch(words.cancel ? 'cancel' : 'finish', words.reason))
  if (words.json) printJson(snapshot)
  else process.stdout.write(`${summary(snapshot)}\n`)
}

async function withControl<T>(words: ControlWords, use: (client: ControlClient) => Promise<T>): Promise<T> {
  const { endpoint, found, close } = await openEndpoint(words)
  const client = new ControlClient(endpoint)
  try {
    await found()
    return await holdProcess(use(client))
  } finally {
    client.close()
    await close()
  }
}

function summary({ name, status, statusReason, trained, budget, queued, runningTotal }: SearchSnapshot): string {
  const why = statusReason === '' ? '' : ` (${statusReason})`
  return `${name} is ${status}${why}: ${trained} of ${budget} candidates trained, ${runningTotal} running, ${queued} queued`
}

function line({ name, address, busySlots, slots, draining, deviceClass }: WorkerStatus): string {
  return `${name}  ${address}  ${busySlots} of ${slots} slots busy${draining ? ', draining' : ''}  ${deviceClass}`
}
