import { readFileSync } from 'node:fs'

export interface ConnectionLimits {
  /** Connections of peers that are let in. */
  readonly members: number
  /** Connections on which nothing has been said yet. */
  readonly silent: { readonly most: number; readonly stayMs: number }
  /** Connections in a TLS handshake. */
  readonly handshakes: { readonly most: number; readonly stayMs: number }
  /** Connections that are not let in and are told why. */
  readonly strangers: { readonly most: number; readonly stayMs: number }
}

/** File descriptors that the store, logs and all else need. */
const reserved = 256

/** Within what this process may open; Node has raised its soft limit to the hard one. */
export function connectionLimits(openFiles = openFileLimit()): ConnectionLimits {
  const available = Math.max(64, openFiles - reserved)
  const share = (part: number, most: number): number => Math.max(16, Math.min(most, Math.floor(available * part)))
  return {
    members: share(0.6, 20_000),
    silent: { most: share(0.15, 2_048), stayMs: 10_000 },
    handshakes: { most: share(0.15, 2_048), stayMs: 20_000 },
    strangers: { most: share(0.1, 512), stayMs: 10_000 },
  }
}

function openFileLimit(): number {
  try {
    const limit = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    return limit === 'unlimited' ? 1_048_576 : Number(limit) || 1_024
  } catch {
    return 1_024
  }
}
