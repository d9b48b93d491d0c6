import { credentials } from '@grpc/grpc-js'
import { coordinatorServerName } from '../security/role.js'
import { callUnary } from './call.js'
import { clientChannelOptions } from './channel-options.js'
import { JoinServiceClient } from './gen/nasoa/v1/join.js'

export interface JoinCall {
  /** host:port */
  readonly target: string
  /** PEM: whoever shows a coordinator's certificate of it is told the token. */
  readonly authorityCertificate: string
  readonly token: string
  readonly name: string
  /** PEM. */
  readonly signingRequest: string
}

/** One try to get a worker's certificate, PEM; fails with the errors of shared/errors. The same call may be made again. */
export async function callJoin({ target, authorityCertificate, ...request }: JoinCall): Promise<string> {
  const names = { 'grpc.ssl_target_name_override': coordinatorServerName, 'grpc.default_authority': coordinatorServerName }
  const client = new JoinServiceClient(target, credentials.createSsl(Buffer.from(authorityCertificate)), { ...clientChannelOptions, ...names })
  try {
    const { certificate } = await callUnary(client.join.bind(client), request, { target: `the coordinator at ${target}`, deadlineMs: 10_000 })
    return certificate
  } finally {
    client.close()
  }
}
