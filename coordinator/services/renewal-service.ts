import { EnvironmentError, UnavailableError } from '../../shared/errors.js'
import { text } from '../../shared/rpc/checked.js'
import type { RenewRequest, RenewResponse, RenewalServiceServer } from '../../shared/rpc/gen/nasoa/v1/join.js'
import { unaryHandler, type CallContext, type CallObserver } from '../../shared/rpc/handler.js'
import { longestSigningRequest, type JoinServiceOptions } from './join-service.js'

/** RenewalService; the promises are in join.proto. */
export class RenewalService {
  constructor(private readonly options: JoinServiceOptions) {}

  implementation(observe?: CallObserver): RenewalServiceServer {
    return { renew: unaryHandler('RenewalService/Renew', (request: RenewRequest, context) => this.renew(request, context), observe) }
  }

  private async renew(request: RenewRequest, { identity, peer }: CallContext): Promise<RenewResponse> {
    const { authority, audit, clock, logger } = this.options
    if (identity === null) throw new EnvironmentError('certificates are renewed over TLS only')
    if (authority === null) throw new UnavailableError('this coordinator issues no certificates: start it with --authority FOLDER')
    const signingRequest = text(request.signingRequest, longestSigningRequest, 'signing_request')
    try {
      const certificate = await authority.renew(identity, signingRequest, clock.now())
      audit.write({ action: 'Renew', by: identity.name, peer })
      logger.info({ worker: identity.name, peer }, 'a certificate was renewed')
      return { certificate }
    } catch (error) {
      audit.refused({ action: 'Renew', by: identity.name, peer }, error)
      throw error
    }
  }
}
