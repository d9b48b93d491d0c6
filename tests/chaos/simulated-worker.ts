import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { openEndpoint } from '../../cli/cluster/endpoint.js'
import { programVersion } from '../../shared/version.js'
import type { Outcome } from '../../shared/training/outcome.js'
import { startAgent } from '../../worker/agent/agent.js'
import { WorkFolder } from '../../worker/agent/work-folder.js'
import type { Launch } from '../../worker/agent/training-run.js'
import { outcomeFor } from './known-outcome.js'

/** A process with the real agent, whose trainings only take time and end with an outcome that is known beforehand. */
const text = { type: 'string' } as const
const { values } = parseArgs({ options: { 'coordinator': text, 'discovery': text, 'name': text, 'work': text, 'training-ms': text } })
const { name = 'worker', work = '.' } = values

const launch: Launch = ({ specification }) => {
  let end: (outcome: Outcome) => void = () => undefined
  const ended = new Promise<Outcome>((resolve) => (end = resolve))
  const timer = setTimeout(() => end(outcomeFor(specification.encoding)), Number(values['training-ms']))
  return {
    ended,
    cancel: () => {
      clearTimeout(timer)
      end({ kind: 'cancelled', message: 'cancelled' })
    },
  }
}

const folder = await WorkFolder.open(work)
const { coordinator, discovery } = values
const { endpoint, close } = await openEndpoint({ coordinator, discovery, tls: undefined, tlsKey: undefined, tlsCa: undefined })
const agent = startAgent({
  worker: { workerId: folder.workerId, name, version: programVersion(), slots: 2, deviceClass: 'simulated', threadsPerSlot: 1 },
  folder,
  coordinator: endpoint,
  untilOver: true,
  launch,
  logger: pino({ level: 'info' }, pino.destination({ fd: 2, sync: true })),
})
process.on('SIGTERM', () => agent.drain('the worker was terminated'))
await agent.ended
await close()
await folder.close()
