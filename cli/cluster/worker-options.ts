import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { FolderArtifacts } from '../../shared/artifacts/folder-artifacts.js'
import { InvalidInputError } from '../../shared/errors.js'
import { createLogger } from '../../shared/logging.js'
import { programVersion } from '../../shared/version.js'
import type { AgentOptions } from '../../worker/agent/agent.js'
import { threadsPerSlot } from '../../worker/agent/slots.js'
import { WorkFolder } from '../../worker/agent/work-folder.js'
import { deviceClass } from '../../worker/trainer/device.js'
import { UsageError } from '../output.js'
import { openEndpoint, requireOneCoordinator } from './endpoint.js'
import { joinedCertificate, type JoinWords } from './join.js'

export interface WorkerWords extends JoinWords {
  readonly name: string | undefined
  readonly slots: number
  readonly threads: number | undefined
  readonly share: number
  readonly data: string | undefined
  readonly work: string | undefined
  readonly artifacts: string | undefined
  readonly keepAttempts: boolean
  readonly untilOver: boolean
  readonly verbose: boolean
}

/** What the command line means. Takes the work folder. @throws in one line for whatever cannot be meant */
export async function agentOptions(words: WorkerWords, signal: AbortSignal): Promise<{ readonly options: AgentOptions; readonly close: () => Promise<void> }> {
  const name = words.name ?? hostname().split('.')[0]
  if (!/^[\w.-]{1,64}$/.test(name)) throw new UsageError(`--name must have 1 to 64 letters, digits, dots, dashes or underscores, got '${name}'`)
  requireCount('slots', words.slots, 1024)
  requireCount('share', words.share, 1024)
  if (words.threads !== undefined) requireCount('threads', words.threads, 1024)
  if (words.data !== undefined && !existsSync(words.data)) throw new InvalidInputError(`--data: there is no folder ${words.data}`)
  const threads = words.threads ?? threadsPerSlot(words.slots, words.share)
  const logger = createLogger(`worker ${name}`, words.verbose)
  requireOneCoordinator(words)
  const folder = await WorkFolder.open(resolve(words.work ?? `nasoa-worker-${name}`))
  try {
    const tls = await joinedCertificate(words, name, folder.path, logger, signal)
    const { endpoint, close } = await openEndpoint({ ...words, tls })
    const options = {
      worker: {
        workerId: folder.workerId,
        name,
        version: programVersion(),
        slots: words.slots,
        deviceClass: deviceClass(false, threads),
        threadsPerSlot: threads,
      },
      folder,
      coordinator: endpoint,
      dataDirectory: words.data === undefined ? undefined : resolve(words.data),
      artifacts: words.artifacts === undefined ? undefined : new FolderArtifacts(resolve(words.artifacts)),
      keepAttempts: words.keepAttempts,
      untilOver: words.untilOver,
      logger,
    }
    return { options, close: async () => void (await Promise.all([folder.close(), close()])) }
  } catch (error) {
    await folder.close()
    throw error
  }
}

function requireCount(option: string, value: number, most: number): void {
  if (!Number.isInteger(value) || value < 1 || value > most) throw new UsageError(`--${option} must be a whole number from 1 to ${most}, got ${value}`)
}
