import type { Logger } from 'pino'
import type { Clock } from '../../shared/clock.js'
import { EnvironmentError, InvalidInputError } from '../../shared/errors.js'
import { text } from '../../shared/rpc/checked.js'
import type { JoinRequest, JoinResponse, JoinServiceServer } from '../../shared/rpc/gen/nasoa/v1/join.js'
import { unaryHandler, type CallContext, type CallObserver } from '../../shared/rpc/handler.js'
import type { AuthorityFolder } from '../../shared/security/authority-folder.js'
import { parseJoinToken } from '../../shared/security/join-tokens.js'
import type { AuditTrail } from './audit-log.js'

export interface JoinServiceOptions {
  /** null = this coordinator issues no certificates. */
  readonly authority: AuthorityFolder | null
  readonly audit: AuditTrail
  readonly clock: Clock
  readonly logger: Logger
}

/** A signing request has about 500 characters. */
export const longestSigningRequest = 8_192

/** JoinService; the promises are in join.proto. */
export class JoinService {
  constructor(private readonly options: JoinServiceOptions) {}

  implementation(observe?: CallObserver): JoinServiceServer {
    return { join: unaryHandler('JoinService/Join', (request: JoinRequest, context) => this.join(request, context), observe) }
  }

  private async join(request: JoinRequest, { peer }: CallContext): Promise<JoinResponse> {
    const { authority, audit, clock, logger } = this.options
    if (authority === null) throw new EnvironmentError('this coordinator issues no certificates: it must be started with --authority FOLDER, or get one with `nasoa certs issue`')
    const application = { token: request.token, name: text(request.name, 64, 'name'), signingRequest: text(request.signingRequest, longestSigningRequest, 'signing_request') }
    const tokenId = idOf(application.token)
    try {
      const certificate = await authority.join(application, clock.now())
      audit.write({ action: 'Join', by: application.name, peer, token: tokenId })
      logger.info({ worker: application.name, peer, token: tokenId }, 'a machine joined')
      return { certificate }
    } catch (error) {
      audit.refused({ action: 'Join', by: null, peer, token: tokenId }, error)
      throw error
    }
  }
}

/** The part of a token that is no secret. */
function idOf(token: string): string | null {
  try {
    return parseJoinToken(token).id
  } catch (error) {
    if (error instanceof InvalidInputError) return null
    throw error
  }
}
