import { Server, ServerCredentials } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { ReflectionService } from '@grpc/reflection'
import { HealthImplementation } from 'grpc-health-check'
import { join } from 'node:path'
import type { Clock } from '../../shared/clock.js'
import { formatAddress, isLoopback, parseAddress, type Address } from '../../shared/address.js'
import { InvalidInputError } from '../../shared/errors.js'
import { packageRoot } from '../../shared/package-root.js'
import { serverChannelOptions } from '../../shared/rpc/channel-options.js'
import { ControlServiceService, type ControlServiceServer } from '../../shared/rpc/gen/nasoa/v1/control.js'
import { RenewalServiceService, type JoinServiceServer, type RenewalServiceServer } from '../../shared/rpc/gen/nasoa/v1/join.js'
import { WorkerServiceService, type WorkerServiceServer } from '../../shared/rpc/gen/nasoa/v1/worker.js'
import { accessInterceptor, type DenialObserver } from '../../shared/security/access-interceptor.js'
import { accessRules } from '../../shared/security/access.js'
import type { RevokedSerials } from '../../shared/security/revoked-serials.js'
import type { TlsMaterial } from '../../shared/security/tls-material.js'
import type { WatchedTls } from '../../shared/security/watched-tls.js'
import { connectionLimits, type ConnectionLimits } from './connection-limits.js'
import { GrpcGate } from './grpc-gate.js'
import { RateLimiter, defaultRateLimit, rateLimitInterceptor } from './rate-limit.js'
import { StrangerServer } from './stranger-server.js'

export interface GrpcServices {
  readonly worker: WorkerServiceServer
  readonly control: ControlServiceServer
  readonly join: JoinServiceServer
  readonly renewal: RenewalServiceServer
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
  /** Tells when its certificate is another one; undefined = it stays the same. */
  readonly watchedTls?: Pick<WatchedTls, 'onChange'> | undefined
  /** null = there is no list. */
  readonly revoked?: RevokedSerials | null
  readonly limits?: ConnectionLimits
  readonly onDenied?: DenialObserver
  readonly clock: Clock
}

/** The gRPC services on one port, with health and reflection. */
export class GrpcServer {
  private constructor(
    private readonly server: Server,
    private readonly strangers: StrangerServer,
    private readonly health: HealthImplementation,
    private readonly gate: GrpcGate,
  ) {}

  /** host:port it serves on. */
  get address(): string {
    return formatAddress(this.gate.address)
  }

  /** @throws EnvironmentError when the port is taken, InvalidInputError for an address that others could reach without TLS */
  static async listen(services: GrpcServices, options: ListenOptions): Promise<GrpcServer> {
    const { listen, insecure, tls, watchedTls, revoked = null, limits = connectionLimits() } = options
    const address = parseAddress(listen, 'listen')
    if (tls === null) requireLoopback(address, insecure, 'the coordinator', 'give it a certificate (--tls; nasoa certs makes them)')
    const { server, health } = serverOf(services, options)
    // Without TLS of its own: the gate has seen to it that whatever arrives here may.
    const members = server.createConnectionInjector(ServerCredentials.createInsecure())
    const strangers = new StrangerServer(services.join)
    const gate = await GrpcGate.open({
      address,
      tls,
      watchedTls,
      revoked,
      limits,
      admit: (socket) => members.injectConnection(socket),
      refuse: (socket, refusal) => strangers.take(socket, refusal),
    })
    return new GrpcServer(server, strangers, health, gate)
  }

  /** Lets calls that are going on finish for a moment, then ends them; parked long polls must be dismissed before. */
  async close(graceMs = 1_000): Promise<void> {
    for (const name of ['', ...serviceNames]) this.health.setStatus(name, 'NOT_SERVING')
    this.gate.close()
    this.strangers.close()
    const force = setTimeout(() => this.server.forceShutdown(), graceMs)
    await new Promise<void>((resolve) => this.server.tryShutdown(() => resolve()))
    clearTimeout(force)
  }
}

function serverOf(services: GrpcServices, { tls, clock, onDenied }: ListenOptions): { readonly server: Server; readonly health: HealthImplementation } {
  const access = tls === null ? [] : [accessInterceptor(accessRules, onDenied)]
  const server = new Server({ ...serverChannelOptions, interceptors: [rateLimitInterceptor(new RateLimiter(defaultRateLimit), clock), ...access] })
  server.addService(WorkerServiceService, services.worker)
  server.addService(ControlServiceService, services.control)
  server.addService(RenewalServiceService, services.renewal)
  addReflection(server)
  const health = new HealthImplementation(Object.fromEntries(['', ...serviceNames].map((name) => [name, 'SERVING'])))
  health.addToServer(server)
  return { server, health }
}

/** @param remedy what to do instead. @throws InvalidInputError */
export function requireLoopback({ host, port }: Address, insecure: boolean, who: string, remedy: string): void {
  if (insecure || isLoopback(host)) return
  throw new InvalidInputError(
    `${who} would listen on ${formatAddress({ host, port })}, where others can reach it without authentication: ${remedy}, use 127.0.0.1, or add --insecure in a network you trust`,
  )
}

function addReflection(server: Server): void {
  const definition = loadSync(protoFiles, { includeDirs: [join(packageRoot(), 'proto')], keepCase: true })
  new ReflectionService(definition).addToServer(server)
}
