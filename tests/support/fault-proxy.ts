import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net'

/** Which way bytes go: from the client to the server, or back. */
export type Direction = 'up' | 'down'

/**
 * A TCP proxy whose network can be made bad. `hold` keeps bytes back until they are let go (what a congested or frozen path
 * does), `drop` throws them away while the connection seems alive (what a firewall does that forgets a connection), `cut`
 * resets all connections, `refuse` turns new ones away, `delay` makes every byte late.
 */
export class FaultProxy {
  private readonly pairs = new Set<Pair>()
  private readonly held = new Set<Direction>()
  private readonly dropped = new Set<Direction>()
  private delayMs = 0
  private isRefusing = false

  private constructor(
    private readonly server: Server,
    private readonly target: { readonly host: string; readonly port: number },
  ) {
    server.on('connection', (client) => this.accept(client))
  }

  static async open(target: { readonly host: string; readonly port: number }): Promise<FaultProxy> {
    const server = createServer({ pauseOnConnect: true })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new FaultProxy(server, target)
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  hold(...directions: Direction[]): void {
    for (const direction of directions) this.held.add(direction)
  }

  drop(...directions: Direction[]): void {
    for (const direction of directions) this.dropped.add(direction)
  }

  delay(delayMs: number): void {
    this.delayMs = delayMs
  }

  refuse(): void {
    this.isRefusing = true
  }

  /** Bytes that wait to be let go. */
  get heldBytes(): number {
    return [...this.pairs].reduce((sum, { heldBytes }) => sum + heldBytes, 0)
  }

  cut(): void {
    for (const pair of this.pairs) pair.destroy()
  }

  /** A good network again; what was held goes on its way. Connections that lost bytes are cut: no network mends those. */
  heal(): void {
    this.held.clear()
    this.delayMs = 0
    this.isRefusing = false
    this.dropped.clear()
    for (const pair of this.pairs) pair.release()
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private accept(client: Socket): void {
    if (this.isRefusing) {
      client.resetAndDestroy()
      return
    }
    const server = connect(this.target)
    const pair = new Pair(client, server, (direction) => this.treatment(direction), () => this.pairs.delete(pair))
    this.pairs.add(pair)
  }

  private treatment(direction: Direction): 'hold' | 'drop' | number {
    if (this.dropped.has(direction)) return 'drop'
    return this.held.has(direction) ? 'hold' : this.delayMs
  }
}

/** One connection through the proxy. */
class Pair {
  private readonly waiting: { readonly socket: Socket; readonly chunk: Buffer }[] = []
  private hasLost = false

  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
    private readonly treatment: (direction: Direction) => 'hold' | 'drop' | number,
    private readonly onClose: () => void,
  ) {
    client.on('data', (chunk) => this.pass('up', server, chunk))
    server.on('data', (chunk) => this.pass('down', client, chunk))
    for (const socket of [client, server]) {
      socket.on('error', () => this.destroy())
      socket.on('close', () => this.destroy())
    }
    client.resume()
  }

  get heldBytes(): number {
    return this.waiting.reduce((sum, { chunk }) => sum + chunk.length, 0)
  }

  destroy(): void {
    this.client.resetAndDestroy()
    this.server.resetAndDestroy()
    this.onClose()
  }

  release(): void {
    if (this.hasLost) return this.destroy()
    for (const { socket, chunk } of this.waiting.splice(0)) if (!socket.destroyed) socket.write(chunk)
  }

  private pass(direction: Direction, socket: Socket, chunk: Buffer): void {
    const treatment = this.treatment(direction)
    if (treatment === 'drop') this.hasLost = true
    else if (treatment === 'hold') this.waiting.push({ socket, chunk })
    else if (treatment > 0) setTimeout(() => this.write(socket, chunk), treatment)
    else this.write(socket, chunk)
  }

  private write(socket: Socket, chunk: Buffer): void {
    // Bytes stay in order: none overtakes one that is held.
    if (this.waiting.some((each) => each.socket === socket)) this.waiting.push({ socket, chunk })
    else if (!socket.destroyed) socket.write(chunk)
  }
}
