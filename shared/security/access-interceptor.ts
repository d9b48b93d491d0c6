import { ResponderBuilder, ServerInterceptingCall, ServerListenerBuilder, status, type ServerInterceptor } from '@grpc/grpc-js'
import { messageOf } from '../errors.js'
import { requireAccess, type AccessRules } from './access.js'
import { peerIdentity, type AuthenticatedCall } from './peer.js'

/** Told of each call that is refused, with the reason. */
export type DenialObserver = (method: string, call: AuthenticatedCall & { getPeer(): string }, reason: string) => void

/** Refuses, before any message is read, what the caller's role does not allow; of all services of a server, added ones too. */
export function accessInterceptor(rules: AccessRules, onDenied: DenialObserver = () => undefined): ServerInterceptor {
  return (method, call) => {
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        const refusal = refusalOf(rules, call, method.path)
        if (refusal === null) return next(metadata)
        onDenied(method.path, call, refusal.details)
        call.sendStatus(refusal)
      })
      .build()
    return new ServerInterceptingCall(call, new ResponderBuilder().withStart((next) => next(listener)).build())
  }
}

function refusalOf(rules: AccessRules, call: AuthenticatedCall, method: string): { code: status; details: string } | null {
  try {
    const identity = peerIdentity(call)
    if (identity === null) return { code: status.UNAUTHENTICATED, details: 'this coordinator takes calls with a certificate only' }
    requireAccess(rules, identity, method)
    return null
  } catch (error) {
    return { code: status.PERMISSION_DENIED, details: messageOf(error) }
  }
}
