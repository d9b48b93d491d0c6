import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { openArtifacts } from '../../shared/artifacts/open-artifacts.js'
import { parseDuration } from '../../shared/config/duration.js'
import { InvalidInputError } from '../../shared/errors.js'
import { systemClock } from '../../shared/clock.js'
import { createLogger } from '../../shared/logging.js'
import { CertificateRenewal } from '../../shared/security/certificate-renewal.js'
import { followingSecurity } from '../../shared/security/credentials.js'
import { programVersion } from '../../shared/version.js'
import type { AgentOptions } from '../../worker/agent/agent.js'
import { chooseGpus } from '../../worker/agent/gpus.js'
import { memoryShare, threadsPerSlot } from '../../worker/agent/slots.js'
import { dataDirectoryName, isDataDirectoryHere } from '../../worker/data/data-directory.js'
import { WorkFolder } from '../../worker/agent/work-folder.js'
import { runCommand } from '../../worker/tensorflow/native/command.js'
import { readNvidia, type NvidiaGpu } from '../../worker/tensorflow/native/nvidia.js'
import { cpuClass } from '../../worker/trainer/device.js'
import { requireInteger } from '../option-values.js'
import { UsageError } from '../output.js'
import { openEndpoint, requireOneCoordinator } from './endpoint.js'
import { watchedTlsOf } from './tls-options.js'
import { joinedCertificate, type JoinWords } from './join.js'

export interface WorkerWords extends JoinWords {
  readonly name: string | undefined
  readonly slots: number | undefined
  readonly gpus: string
  readonly labels: string
  readonly drainGrace: string
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
  const gpus = await gpusOf(words)
  const slots = words.slots ?? gpus?.length ?? 1
  requireInteger('slots', slots, [1, 1024])
  requireInteger('share', words.share, [1, 1024])
  if (words.threads !== undefined) requireInteger('threads', words.threads, [1, 1024])
  const dataDirectory = words.data === undefined ? undefined : dataDirectoryName(words.data)
  if (dataDirectory !== undefined && !isDataDirectoryHere(dataDirectory)) throw new InvalidInputError(`--data: there is no folder ${words.data}`)
  const threads = words.threads ?? threadsPerSlot(slots, words.share)
  const logger = createLogger(`worker ${name}`, words.verbose)
  requireOneCoordinator(words)
  const folder = await WorkFolder.open(resolve(words.work ?? `nasoa-worker-${name}`))
  try {
    const artifacts = words.artifacts === undefined ? undefined : await openArtifacts(words.artifacts, process.env, logger)
    const tls = await joinedCertificate(words, name, folder.path, logger, signal)
    const watchedTls = watchedTlsOf({ ...words, tls }, 'client', logger)
    const { endpoint, close } = await openEndpoint({ ...words, tls }, watchedTls === null ? undefined : followingSecurity(watchedTls))
    // Whoever was handed a certificate gets the next one in the same way.
    const renewal = watchedTls === null || words.join === undefined ? null : new CertificateRenewal({ tls: watchedTls, coordinator: endpoint, clock: systemClock, logger })
    const options = {
      worker: {
        workerId: folder.workerId,
        name,
        version: programVersion(),
        slots,
        deviceClass: gpus?.[0].name ?? cpuClass(threads),
        threadsPerSlot: threads,
        memoryBytes: gpus === undefined ? memoryShare(slots * words.share) : Math.min(...gpus.map(({ memoryMib }) => memoryMib * 2 ** 20)),
        labels: labelsOf(words.labels),
      },
      folder,
      coordinator: endpoint,
      dataDirectory,
      artifacts,
      gpus: gpus?.map(({ uuid }) => uuid),
      drainGraceMs: graceOf(words.drainGrace),
      keepAttempts: words.keepAttempts,
      untilOver: words.untilOver,
      logger,
    }
    return { options, close: async () => {
      renewal?.close()
      watchedTls?.close()
      await Promise.all([folder.close(), close()])
    } }
  } catch (error) {
    await folder.close()
    throw error
  }
}

/** undefined = none are asked for. */
async function gpusOf({ gpus, slots }: WorkerWords): Promise<NvidiaGpu[] | undefined> {
  if (gpus === 'none') return undefined
  if (slots !== undefined) throw new UsageError('--gpus makes one slot for each GPU: leave --slots out')
  return chooseGpus(gpus, await readNvidia(process.env, runCommand))
}

function graceOf(text: string): number {
  const graceMs = /^0+(\.0*)?[a-z]*$/i.test(text) ? 0 : parseDuration(text)
  if (graceMs === null) throw new UsageError(`--drain-grace must be a number and a unit, such as 20s or 2m, got '${text}'`)
  return graceMs
}

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(',').filter((word) => word !== '').map((word) => {
      const match = /^([A-Za-z0-9_-][\w.-]{0,63})=(.{0,100})$/.exec(word)
      if (match === null) throw new UsageError(`--labels must be key=value with commas between, got '${word}'`)
      return [match[1], match[2]]
    }),
  )
}
