import { ResponderBuilder, ServerInterceptingCall, ServerListenerBuilder, status, type ServerInterceptor } from '@grpc/grpc-js'
import type { Clock } from '../../shared/clock.js'
import { isLoopback } from '../../shared/address.js'
import { peerName, type AuthenticatedCall } from '../../shared/security/peer.js'

export interface RateLimit {
  /** Calls that a peer may make at once after a pause. */
  readonly burst: number
  readonly perSecond: number
}

/** Far above what a worker needs: one with 64 slots and trainings of a second makes about 150 calls a second. */
export const defaultRateLimit: RateLimit = { burst: 2_000, perSecond: 2_000 }

/** Peers remembered at a time; an attacker's many addresses must not fill the memory. */
const mostPeers = 20_000

interface Bucket {
  tokens: number
  atMs: number
}

/** One bucket of tokens a peer (Turner, 1986): each call takes one, and they flow back at a steady rate. */
export class RateLimiter {
  /** In the order of last use. */
  private readonly buckets = new Map<string, Bucket>()

  constructor(private readonly limit: RateLimit) {}

  /** Whether the peer may make a call now. */
  take(peer: string, nowMs: number): boolean {
    const known = this.buckets.get(peer) ?? { tokens: this.limit.burst, atMs: nowMs }
    const flowedBack = (Math.max(0, nowMs - known.atMs) / 1000) * this.limit.perSecond
    const tokens = Math.min(this.limit.burst, known.tokens + flowedBack)
    const isAllowed = tokens >= 1
    this.buckets.delete(peer)
    this.buckets.set(peer, { tokens: isAllowed ? tokens - 1 : tokens, atMs: nowMs })
    if (this.buckets.size > mostPeers) this.buckets.delete(this.buckets.keys().next().value as string)
    return isAllowed
  }
}

/**
 * Answers calls above the limit RESOURCE_EXHAUSTED before their message is read, and those that follow on a stream, where each message
 * counts as a call, before they are dealt with; callers come back later.
 */
export function rateLimitInterceptor(limiter: RateLimiter, clock: Clock): ServerInterceptor {
  return (_method, call) => {
    let peer = ''
    let messages = 0
    const isWithin = (): boolean => {
      const isAllowed = limiter.take(peer, clock.now())
      if (!isAllowed) call.sendStatus({ code: status.RESOURCE_EXHAUSTED, details: 'too many calls from this peer: slow down' })
      return isAllowed
    }
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        peer = peerOf(call)
        if (isWithin()) next(metadata)
      })
      .withOnReceiveMessage((message, next) => {
        if (messages++ === 0 || isWithin()) next(message)
      })
      .build()
    return new ServerInterceptingCall(call, new ResponderBuilder().withStart((next) => next(listener)).build())
  }
}

/** Whose bucket it is: the certificate's; without one the machine's; on this machine, where all peers have one address, the connection's. */
function peerOf(call: AuthenticatedCall & { getPeer(): string }): string {
  const name = peerName(call)
  if (name !== null) return name
  const peer = call.getPeer()
  const host = hostOf(peer)
  return isLoopback(host) ? peer : host
}

/** Of `host:port`, where an IPv6 host stands without brackets, perhaps with an IPv4 one in it. */
function hostOf(peer: string): string {
  return peer.slice(0, Math.max(0, peer.lastIndexOf(':'))).replace(/^::ffff:/, '')
}
