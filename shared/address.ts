import { isIP } from 'node:net'
import { InvalidInputError } from './errors.js'

/** Where something listens or is reached. */
export interface Address {
  /** Name or IP address, without brackets. */
  readonly host: string
  readonly port: number
}

/** Reads `host:port`; an IPv6 host stands in brackets. @throws InvalidInputError */
export function parseAddress(text: string, name: string): Address {
  const match = /^(?:\[([0-9a-f:.%]+)\]|([^\s:[\]/]+)):(\d{1,5})$/i.exec(text)
  const port = Number(match?.[3])
  if (!match || port > 65_535) throw new InvalidInputError(`${name} must be host:port (an IPv6 host in brackets), got '${text}'`)
  return { host: match[1] ?? match[2], port }
}

export function formatAddress({ host, port }: Address): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
}

/** Whether only this machine can reach the host. A name other than localhost may resolve to anything, so it is not. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
