import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { formatAddress } from '../../shared/address.js'
import { systemClock } from '../../shared/clock.js'
import { holdProcess } from '../../shared/discovery/hold-process.js'
import { InvalidInputError, UnavailableError, messageOf } from '../../shared/errors.js'
import { retry } from '../../shared/rpc/retry.js'
import { UsageError } from '../output.js'
import type { EndpointWords } from './endpoint.js'

export interface JoinWords extends EndpointWords {
  /** A join token, or @FILE that holds one; undefined = the worker has its certificate, or needs none. */
  readonly join: string | undefined
}

/**
 * The certificate that a worker works with: the one that it was given, or one of its own that it gets for its join token and
 * keeps in its work folder. Waits for a coordinator that is away.
 * @param signal gives up
 * @returns a path, or undefined where there is none
 */
export async function joinedCertificate(words: JoinWords, name: string, workFolder: string, logger: Logger, signal: AbortSignal): Promise<string | undefined> {
  if (words.join === undefined) return words.tls
  if (words.tls !== undefined) throw new UsageError('give a certificate with --tls, or get one with --join, not both')
  const { hasJoined, joinCluster, joinedCertificatePath } = await import('../../shared/security/join-cluster.js')
  const options = { folder: join(workFolder, 'tls'), token: tokenOf(words.join), name, nowMs: Date.now() }
  if (!hasJoined(options)) {
    const onRetry = (error: unknown): void => logger.warn({ error: messageOf(error) }, 'cannot join yet; trying again')
    // A clock's timers do not keep the process alive, and while nobody answers there is nothing else.
    await holdProcess(retry(async () => joinCluster(await whereNow(words), options), { clock: systemClock, random: Math.random, onRetry, signal }))
    logger.info({ name, certificate: joinedCertificatePath(options.folder) }, 'joined')
  }
  return joinedCertificatePath(options.folder)
}

function tokenOf(text: string): string {
  if (!text.startsWith('@')) return text
  try {
    return readFileSync(text.slice(1), 'utf8')
  } catch (error) {
    throw new InvalidInputError(`--join: cannot read ${text.slice(1)} (${messageOf(error)})`)
  }
}

/** host:port of the coordinator. */
async function whereNow({ coordinator, discovery: file }: EndpointWords): Promise<string> {
  if (coordinator !== undefined) return coordinator
  const { openDiscovery } = await import('../../shared/discovery/open-discovery.js')
  const { readDiscoveryConfig } = await import('../../shared/discovery/discovery-config.js')
  const discovery = await openDiscovery(readDiscoveryConfig(file as string), systemClock)
  const ending = new AbortController()
  try {
    for await (const { addresses, trouble } of discovery.watch(ending.signal)) {
      if (addresses.length > 0) return formatAddress(addresses[0])
      throw new UnavailableError(trouble ?? `${discovery.name} names nobody`)
    }
    throw new UnavailableError(`${discovery.name} names nobody`)
  } finally {
    ending.abort()
    discovery.close()
  }
}
