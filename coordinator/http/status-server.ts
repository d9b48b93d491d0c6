import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'
import { formatAddress, parseAddress } from '../../shared/address.js'
import { messageOf } from '../../shared/errors.js'
import { requireLoopback } from '../services/grpc-server.js'
import { BriefSockets } from '../services/brief-sockets.js'
import { bindError } from '../services/listening-sockets.js'

export interface StatusSources {
  readonly registry: Registry
  /** null = healthy; otherwise what is wrong. */
  readonly trouble: () => string | null
}

const timeouts = { headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 60_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 8_192 }

/** Prometheus keeps a connection and opens another when it is closed. */
const longestConnectionMs = 3_600_000

/** GET /metrics for Prometheus and GET /healthz for whoever restarts what is not healthy. */
export class StatusServer {
  private constructor(
    private readonly server: Server,
    /** host:port it serves on. */
    readonly address: string,
  ) {}

  /** @throws EnvironmentError when the port is taken, InvalidInputError for an address that others could reach */
  static async listen(sources: StatusSources, listen: string, insecure: boolean): Promise<StatusServer> {
    const address = parseAddress(listen, 'metrics')
    requireLoopback(address, insecure, 'the metrics page', 'put a proxy that asks for a password before it')
    const server = createServer(timeouts, (request, response) => void answer(request, response, sources))
    // The oldest goes first: whoever opens many and asks for nothing keeps nobody out who does.
    const connections = new BriefSockets({ most: 64, stayMs: longestConnectionMs })
    server.on('connection', (socket) => connections.add(socket))
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(bindError(error, address)))
      server.listen(address.port, address.host, resolve)
    })
    return new StatusServer(server, formatAddress({ ...address, port: (server.address() as AddressInfo).port }))
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()))
    this.server.closeAllConnections()
    await closed
  }
}

async function answer({ method, url }: IncomingMessage, response: ServerResponse, sources: StatusSources): Promise<void> {
  const path = url?.split('?')[0]
  try {
    if (method !== 'GET' && method !== 'HEAD') return end(response, 405, 'only GET\n')
    if (path === '/metrics') return end(response, 200, await sources.registry.metrics(), sources.registry.contentType)
    if (path === '/healthz') return health(response, sources.trouble())
    end(response, 404, 'not here: /metrics and /healthz are\n')
  } catch (error) {
    end(response, 500, `${messageOf(error)}\n`)
  }
}

function health(response: ServerResponse, trouble: string | null): void {
  end(response, trouble === null ? 200 : 503, `${trouble ?? 'ok'}\n`)
}

function end(response: ServerResponse, code: number, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(code, { 'content-type': type }).end(body)
}
