import { lookup } from 'node:dns/promises'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { formatAddress, type Address } from '../../shared/address.js'
import { EnvironmentError, messageOf } from '../../shared/errors.js'

/** The TCP sockets of one address: a name such as localhost may stand for an IPv4 and an IPv6 address. */
export class ListeningSockets {
  private constructor(
    private readonly servers: readonly Server[],
    readonly address: Address,
  ) {}

  /** Told of each connection. @throws EnvironmentError when none of the addresses can be listened on */
  static async open(address: Address, onConnection: (socket: Socket) => void): Promise<ListeningSockets> {
    const servers: Server[] = []
    let port = address.port
    for (const host of await addressesOf(address)) {
      try {
        const server = await listen({ host, port }, onConnection)
        port = (server.address() as AddressInfo).port
        servers.push(server)
      } catch (error) {
        // A machine without IPv6 has no ::1, and localhost means 127.0.0.1 there.
        if ((error as NodeJS.ErrnoException).code === 'EADDRNOTAVAIL' && servers.length > 0) continue
        for (const server of servers) server.close()
        throw bindError(error, address)
      }
    }
    return new ListeningSockets(servers, { ...address, port })
  }

  /** Takes no more connections; those that are open stay. */
  close(): void {
    for (const server of this.servers) server.close()
  }
}

async function addressesOf(address: Address): Promise<string[]> {
  try {
    const found = await lookup(address.host, { all: true })
    return [...new Set(found.sort((a, b) => a.family - b.family).map((each) => each.address))]
  } catch (error) {
    throw bindError(error, address)
  }
}

function listen({ host, port }: Address, onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ noDelay: true }, onConnection)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, backlog: 4_096 }, () => {
      server.off('error', reject)
      // Out of file descriptors, for example: the connection is lost, not the server.
      server.on('error', () => undefined)
      resolve(server)
    })
  })
}

/** What keeps an address from being listened on, in one line. */
export function bindError(error: unknown, address: Address): EnvironmentError {
  const place = formatAddress(address)
  const why = messageOf(error)
  const reason = /EADDRINUSE|in use/i.test(why)
    ? `port ${address.port} is in use: stop what uses it, or choose another with --listen (port 0 takes any free one)`
    : `${why}; choose another address`
  return new EnvironmentError(`cannot listen on ${place}: ${reason}`, { address: place })
}
