import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'
import { formatAddress, parseAddress } from '../../shared/address.js'
import { messageOf } from '../../shared/errors.js'
import { bindError, requireLoopback } from '../services/grpc-server.js'

export interface StatusSources {
  readonly registry: Registry
  /** null = healthy; otherwise what is wrong. */
  readonly trouble: () => string | null
}

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
    requireLoopback(address, insecure, 'the metrics page')
    const server = createServer((request, response) => void answer(request, response, sources))
    server.headersTimeout = 5_000
    server.requestTimeout = 10_000
    server.maxConnections = 64
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
