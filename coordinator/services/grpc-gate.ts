import type { Socket } from 'node:net'
import { createServer as createTlsServer, type SecureContextOptions, type Server as TlsServer, type TLSSocket } from 'node:tls'
import type { Address } from '../../shared/address.js'
import { refusalOfPeer, type Refusal } from '../../shared/security/refusal.js'
import type { RevokedSerials } from '../../shared/security/revoked-serials.js'
import type { TlsMaterial } from '../../shared/security/tls-material.js'
import type { WatchedTls } from '../../shared/security/watched-tls.js'
import { BriefSockets } from './brief-sockets.js'
import type { ConnectionLimits } from './connection-limits.js'
import { greetingOf, noHttpHere, noTlsHere } from './greeting.js'
import { ListeningSockets } from './listening-sockets.js'

export interface GrpcGateOptions {
  readonly address: Address
  /** null = no TLS: everybody is let in. */
  readonly tls: TlsMaterial | null
  readonly watchedTls?: Pick<WatchedTls, 'onChange'> | undefined
  readonly revoked: RevokedSerials | null
  readonly limits: ConnectionLimits
  /** Takes over the connection of a peer whose certificate is accepted, or of anybody where there is no TLS. */
  readonly admit: (socket: Socket) => void
  /** Takes over the connection of a peer that is not let in, to tell it why. */
  readonly refuse: (socket: Socket, refusal: Refusal) => void
}

/**
 * Where connections to the gRPC port arrive. A connection costs next to nothing until its first bytes say what it is; with
 * TLS, only who shows a certificate of the authority that is neither expired nor revoked gets to the services.
 */
export class GrpcGate {
  private readonly silent: BriefSockets
  private readonly handshakes: BriefSockets
  private readonly strangers: BriefSockets
  private readonly members = new Map<Socket, string | null>()
  private readonly tlsServer: TlsServer | null
  private readonly stopWatching: () => void
  private readonly stopFollowing: () => void
  private sockets: ListeningSockets | null = null

  private constructor(private readonly options: GrpcGateOptions) {
    const { limits, tls, watchedTls, revoked } = options
    this.silent = new BriefSockets(limits.silent)
    this.handshakes = new BriefSockets(limits.handshakes)
    this.strangers = new BriefSockets(limits.strangers)
    this.tlsServer = tls && this.createTls(tls)
    this.stopFollowing = watchedTls?.onChange((material) => this.tlsServer?.setSecureContext(secureContextOf(material))) ?? (() => undefined)
    this.stopWatching = revoked?.onChange(() => this.closeRevoked()) ?? (() => undefined)
  }

  static async open(options: GrpcGateOptions): Promise<GrpcGate> {
    const gate = new GrpcGate(options)
    gate.sockets = await ListeningSockets.open(options.address, (socket) => gate.arrive(socket))
    return gate
  }

  get address(): Address {
    return this.sockets?.address ?? this.options.address
  }

  /** Takes no more connections, and closes those that are not let in; the others are their server's to close. */
  close(): void {
    this.stopWatching()
    this.stopFollowing()
    this.sockets?.close()
    for (const sockets of [this.silent, this.handshakes, this.strangers]) sockets.closeAll()
  }

  private arrive(socket: Socket): void {
    // Whoever takes it over listens for errors too; until then a reset must not end the process.
    socket.on('error', () => socket.destroy())
    this.silent.add(socket)
    socket.once('readable', () => this.read(socket))
  }

  private read(socket: Socket): void {
    this.silent.remove(socket)
    const first = socket.read() as Buffer | null
    if (first === null) return void socket.destroy()
    // For whoever takes over; Node hands what is buffered to the TLS and HTTP/2 layers.
    socket.unshift(first)
    this.sort(socket, first)
  }

  private sort(socket: Socket, first: Buffer): void {
    const greeting = greetingOf(first)
    if (greeting === 'tls' && this.tlsServer !== null) return this.shakeHands(socket, this.tlsServer)
    if (greeting === 'tls') return void socket.end(noTlsHere)
    if (greeting === 'http1') return void socket.end(noHttpHere)
    if (greeting === 'unknown') return void socket.destroy()
    if (this.tlsServer === null) this.admit(socket, null)
    else this.turnAway(socket, { kind: 'no tls' })
  }

  private shakeHands(socket: Socket, server: TlsServer): void {
    this.handshakes.add(socket)
    server.emit('connection', socket)
  }

  private createTls(material: TlsMaterial): TlsServer {
    // Who is not authorized is refused below, in words: a connection that just breaks off explains nothing.
    const server = createTlsServer({ ...secureContextOf(material), requestCert: true, rejectUnauthorized: false, ALPNProtocols: ['h2'] })
    server.on('secureConnection', (socket) => this.identify(socket))
    server.on('tlsClientError', (_error, socket) => socket.destroy())
    return server
  }

  private identify(socket: TLSSocket): void {
    socket.on('error', () => socket.destroy())
    const certificate = socket.getPeerCertificate()
    const refusal = refusalOfPeer(socket, certificate, this.options.revoked, Date.now())
    if (refusal !== null) return this.turnAway(socket, refusal)
    // Each call asks for it, and decoding it anew costs more than many a call.
    Object.defineProperty(socket, 'getPeerCertificate', { value: () => certificate })
    this.admit(socket, certificate.serialNumber)
  }

  private admit(socket: Socket, serialNumber: string | null): void {
    if (this.members.size >= this.options.limits.members) return void socket.destroy()
    this.members.set(socket, serialNumber)
    socket.once('close', () => this.members.delete(socket))
    this.options.admit(socket)
  }

  private turnAway(socket: Socket, refusal: Refusal): void {
    this.strangers.add(socket)
    this.options.refuse(socket, refusal)
  }

  private closeRevoked(): void {
    for (const [socket, serialNumber] of [...this.members]) {
      if (serialNumber !== null && this.options.revoked?.has(serialNumber)) socket.destroy()
    }
  }
}

function secureContextOf({ ca, certificate, key }: TlsMaterial): SecureContextOptions {
  return { ca, cert: certificate, key, minVersion: 'TLSv1.2' }
}
