import { pino } from 'pino'
import { programVersion } from '../../shared/version.js'
import type { Outcome } from '../../shared/training/outcome.js'
import { startAgent } from '../../worker/agent/agent.js'
import { WorkFolder } from '../../worker/agent/work-folder.js'
import type { Launch } from '../../worker/agent/training-run.js'
import { outcomeFor } from './known-outcome.js'

/**
 * A process with the real agent, whose trainings only take time and end with an outcome that is known beforehand:
 * `node simulated-worker.mjs COORDINATOR NAME WORK_FOLDER SLOTS TRAINING_MS`.
 */
const [coordinator, name, work, slots, trainingMs] = process.argv.slice(2)

const launch: Launch = ({ specification }) => {
  let end: (outcome: Outcome) => void = () => undefined
  const ended = new Promise<Outcome>((resolve) => (end = resolve))
  const timer = setTimeout(() => end(outcomeFor(specification.encoding)), Number(trainingMs))
  return {
    ended,
    cancel: () => {
      clearTimeout(timer)
      end({ kind: 'cancelled', message: 'cancelled' })
    },
  }
}

const folder = await WorkFolder.open(work)
const agent = startAgent({
  worker: { workerId: folder.workerId, name, version: programVersion(), slots: Number(slots), deviceClass: 'simulated', threadsPerSlot: 1 },
  folder,
  coordinator: { target: coordinator },
  untilOver: true,
  launch,
  logger: pino({ level: 'info' }, pino.destination({ fd: 2, sync: true })),
})
process.on('SIGTERM', () => agent.drain('the worker was terminated'))
await agent.ended
await folder.close()
