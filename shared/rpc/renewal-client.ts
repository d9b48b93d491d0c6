import { createSigningRequest } from '../security/certificate-authority.js'
import { clientSecurity } from '../security/credentials.js'
import { callUnary } from './call.js'
import { clientChannelOptions, type Endpoint } from './channel-options.js'
import { RenewalServiceClient } from './gen/nasoa/v1/join.js'

/** One try to get a new certificate (PEM) for a key (PEM), as the holder of the endpoint's. Fails with the errors of shared/errors. */
export async function callRenew({ target, name = `the coordinator at ${target}`, security = clientSecurity(null), channelOptions = {} }: Endpoint, key: string): Promise<string> {
  const client = new RenewalServiceClient(target, security.credentials, { ...clientChannelOptions, ...security.options, ...channelOptions })
  try {
    // The subject is the coordinator's to decide.
    const signingRequest = await createSigningRequest('renewal', key)
    const { certificate } = await callUnary(client.renew.bind(client), { signingRequest }, { target: name, deadlineMs: 10_000 })
    return certificate
  } finally {
    client.close()
  }
}
