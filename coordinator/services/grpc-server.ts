import { Server, type ServerCredentials } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { ReflectionService } from '@grpc/reflection'
import { HealthImplementation } from 'grpc-health-check'
import { join } from 'node:path'
import { formatAddress, isLoopback, parseAddress, type Address } from '../../shared/address.js'
import { EnvironmentError, InvalidInputError, messageOf } from '../../shared/errors.js'
import type { Clock } from '../../shared/clock.js'
import { packageRoot } from '../../shared/package-root.js'
import { serverChannelOptions } from '../../shared/rpc/channel-options.js'
import { ControlServiceService, type ControlServiceServer } from '../../shared/rpc/gen/nasoa/v1/control.js'
import { WorkerServiceService, type WorkerServiceServer } from '../../shared/rpc/gen/nasoa/v1/worker.js'
import { serverSecurity } from '../../shared/security/credentials.js'
import type { TlsMaterial } from '../../shared/security/tls-material.js'
import { RateLimiter, defaultRateLimit, rateLimitInterceptor } from './rate-limit.js'

export interface GrpcServices {
  readonly worker: WorkerServiceServer
  readonly control: ControlServiceServer
}

const protoFiles = ['nasoa/v1/worker.proto', 'nasoa/v1/control.proto']
const serviceNames = ['nasoa.v1.WorkerService', 'nasoa.v1.ControlService']

export interface ListenOptions {
  /** host:port */
  readonly listen: string
  /** Allows addresses that others can reach without TLS. */
  readonly insecure: boolean
  /** null = no TLS. */
  readonly tls: TlsMaterial | null
  readonly clock: Clock
}

/** The gRPC services on one port, with health and reflection. */
export class GrpcServer {
  private constructor(
    private readonly server: Server,
    private readonly health: HealthImplementation,
    /** host:port it serves on. */
    readonly address: string,
  ) {}

  /** @throws EnvironmentError when the port is taken, InvalidInputError for an address that others could reach without TLS */
  static async listen(services: GrpcServices, { listen, insecure, tls, clock }: ListenOptions): Promise<GrpcServer> {
    const address = parseAddress(listen, 'listen')
    requireLoopback(address, insecure || tls !== null, 'the coordinator')
    const security = serverSecurity(tls)
    const limit = rateLimitInterceptor(new RateLimiter(defaultRateLimit), clock)
    const server = new Server({ ...serverChannelOptions, interceptors: [limit, ...security.interceptors] })
    server.addService(WorkerServiceService, services.worker)
    server.addService(ControlServiceService, services.control)
    addReflection(server)
    const health = new HealthImplementation(Object.fromEntries(['', ...serviceNames].map((name) => [name, 'SERVING'])))
    health.addToServer(server)
    const port = await bind(server, address, security.credentials)
    return new GrpcServer(server, health, formatAddress({ ...address, port }))
  }

  /** Lets calls that are going on finish for a moment, then ends them; parked long polls must be dismissed before. */
  async close(graceMs = 1_000): Promise<void> {
    for (const name of ['', ...serviceNames]) this.health.setStatus(name, 'NOT_SERVING')
    const force = setTimeout(() => this.server.forceShutdown(), graceMs)
    await new Promise<void>((resolve) => this.server.tryShutdown(() => resolve()))
    clearTimeout(force)
  }
}

/** @throws InvalidInputError */
export function requireLoopback({ host, port }: Address, insecure: boolean, who: string): void {
  if (insecure || isLoopback(host)) return
  throw new InvalidInputError(
    `${who} would listen on ${formatAddress({ host, port })}, where others can reach it without authentication: give it a certificate (--tls; nasoa certs makes them), use 127.0.0.1, or add --insecure in a network you trust`,
  )
}

function addReflection(server: Server): void {
  const definition = loadSync(protoFiles, { includeDirs: [join(packageRoot(), 'proto')], keepCase: true })
  new ReflectionService(definition).addToServer(server)
}

function bind(server: Server, address: Address, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(formatAddress(address), credentials, (error, port) => {
      if (error) reject(bindError(error, address))
      else resolve(port)
    })
  })
}

/** What keeps an address from being listened on, in one line. */
export function bindError(error: Error, address: Address): EnvironmentError {
  const place = formatAddress(address)
  const why = messageOf(error)
  const reason = /EADDRINUSE|in use/i.test(why)
    ? `port ${address.port} is in use: stop what uses it, or choose another with --listen (port 0 takes any free one)`
    : `${why}; choose another address`
  return new EnvironmentError(`cannot listen on ${place}: ${reason}`, { address: place })
}
