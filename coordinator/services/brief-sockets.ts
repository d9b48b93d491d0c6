import type { Socket } from 'node:net'

export interface BriefSocketsOptions {
  /** How many may be there at a time; when another comes, the oldest is closed. */
  readonly most: number
  /** How long each may stay, milliseconds. */
  readonly stayMs: number
}

/**
 * Connections that have not yet shown that they are anybody's: limited in number and in time. The oldest goes first, so
 * whoever opens ten thousand and says nothing keeps nobody out who speaks at once.
 */
export class BriefSockets {
  private readonly timers = new Map<Socket, NodeJS.Timeout>()

  constructor(private readonly options: BriefSocketsOptions) {}

  get size(): number {
    return this.timers.size
  }

  add(socket: Socket): void {
    const { most, stayMs } = this.options
    if (this.timers.size >= most) this.close(this.timers.keys().next().value as Socket)
    this.timers.set(socket, setTimeout(() => this.close(socket), stayMs).unref())
    socket.once('close', () => this.remove(socket))
  }

  /** It has shown who it is, or is looked after by somebody else. */
  remove(socket: Socket): void {
    clearTimeout(this.timers.get(socket))
    this.timers.delete(socket)
  }

  closeAll(): void {
    for (const socket of [...this.timers.keys()]) this.close(socket)
  }

  private close(socket: Socket): void {
    this.remove(socket)
    socket.destroy()
  }
}
