import { Server, ServerCredentials, status, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js'
import type { Socket } from 'node:net'
import { ControlServiceService } from '../../shared/rpc/gen/nasoa/v1/control.js'
import { JoinServiceService, RenewalServiceService, type JoinServiceServer } from '../../shared/rpc/gen/nasoa/v1/join.js'
import { WorkerServiceService } from '../../shared/rpc/gen/nasoa/v1/worker.js'
import { refusalText, type Refusal } from '../../shared/security/refusal.js'

/** Enough for a join; what is refused is not read to its end. */
const largestMessageBytes = 64 * 1024

/** The part of a call that knows its caller. */
interface Call {
  getPeer(): string
  emit(event: 'error', refusal: object): boolean
}

/**
 * Serves connections of peers that are not let in: each call is answered with the reason, so that it reaches whoever has to
 * mend it, and machines without a certificate may join where that is offered.
 */
export class StrangerServer {
  private readonly server = new Server({
    'grpc.max_receive_message_length': largestMessageBytes,
    'grpc.max_concurrent_streams': 4,
    'grpc-node.max_session_memory': 1,
  })
  private readonly connections = this.server.createConnectionInjector(ServerCredentials.createInsecure())
  private readonly refusals = new Map<string, Refusal>()

  /** @param join answers those who come over TLS without a certificate */
  constructor(join: JoinServiceServer) {
    for (const service of [ControlServiceService, WorkerServiceService, RenewalServiceService]) {
      this.server.addService(service, this.refusing(service))
    }
    this.server.addService(JoinServiceService, {
      join: (...[call, answer]: Parameters<JoinServiceServer['join']>) => {
        const refusal = this.refusals.get(call.getPeer())
        if (refusal?.kind === 'no certificate') join.join(call, answer)
        else answer(refused(refusal))
      },
    })
  }

  take(socket: Socket, refusal: Refusal): void {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`
    this.refusals.set(peer, refusal)
    socket.once('close', () => this.refusals.delete(peer))
    this.connections.injectConnection(socket)
  }

  close(): void {
    this.server.forceShutdown()
  }

  private refusing(service: ServiceDefinition): UntypedServiceImplementation {
    const refuse = (call: Call, answer?: (refusal: object) => void): void => {
      const refusal = refused(this.refusals.get(call.getPeer()))
      if (answer) answer(refusal)
      else call.emit('error', refusal)
    }
    return Object.fromEntries(Object.keys(service).map((method) => [method, refuse]))
  }
}

function refused(refusal: Refusal | undefined): { readonly code: status; readonly details: string } {
  return { code: status.UNAUTHENTICATED, details: refusalText(refusal ?? { kind: 'no certificate' }) }
}
