import { UnavailableError } from '../errors.js'

/** The source of addresses (a file, DNS, etcd) cannot be read for the moment, or names nobody. */
export class DiscoveryUnavailableError extends UnavailableError {
  override readonly code = 'discovery_unavailable'
}
