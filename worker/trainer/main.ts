import { messageOf } from '../../shared/errors.js'
import type { TrainerCommand, TrainerEvent, TrainerMessage } from './messages.js'
import { performWork } from './work.js'

/**
 * Entry of the trainer process: one piece of work comes in over the channel to the parent, events go out, the process ends.
 * Started by launchTrainer() only.
 */
const controller = new AbortController()
let isWorking = false

/** The parent ends a process that is stuck: see `LaunchOptions.stepLimitMs`. */
const aliveEveryMs = 1000

function send(message: TrainerMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => resolve())
    else resolve()
  })
}

async function finish(event?: TrainerEvent): Promise<never> {
  if (event !== undefined) await send(event)
  process.exit(0)
}

async function receive(command: TrainerCommand): Promise<void> {
  if (command.kind === 'cancel') {
    controller.abort()
    if (!isWorking) await finish({ kind: 'outcome', outcome: { kind: 'cancelled', message: 'cancelled before it began' } })
    return
  }
  if (isWorking) return
  isWorking = true
  let sent = Promise.resolve()
  await performWork(command, (event) => void (sent = send(event)), controller.signal)
  await sent
  await finish()
}

function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  void finish({ kind: 'outcome', outcome: { kind: 'failed', reason: 'internal', message: messageOf(error) } })
}

setInterval(() => void send({ kind: 'alive' }), aliveEveryMs).unref()
process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)
// Ctrl-C in a terminal reaches the whole process group; what becomes of this process is the parent's decision.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => controller.abort())
// Nobody is left to report to.
process.on('disconnect', () => process.exit(1))
process.on('message', (command: TrainerCommand) => void receive(command).catch(fail))
