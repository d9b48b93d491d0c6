import { connect, createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'

/** How a call is ended instead of being answered: a gRPC status, or the HTTP/2 error code of a stream that is cut. */
export type Breakage = { readonly status: number } | { readonly streamError: number }

/**
 * Stands before a gRPC server and hands on what it gets, but for calls that are to be broken: the server has dealt with them,
 * and the caller does not learn its answer.
 */
export class AnswerBreaker {
  private constructor(
    private readonly server: Http2Server,
    private readonly disconnect: () => void,
  ) {}

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** @param breakage asked once a call has been answered, with its method's name */
  static async open(target: string, breakage: (method: string) => Breakage | null): Promise<AnswerBreaker> {
    const upstream = connect(`http://${target}`)
    const server = createServer()
    server.on('stream', (stream, headers) => {
      const method = headers[':path']?.split('/').at(-1) ?? ''
      const answered = upstream.request(headers)
      const parts: Buffer[] = []
      let answer: IncomingHttpHeaders = {}
      let trailers: IncomingHttpHeaders = {}
      answered.on('response', (received) => (answer = received))
      answered.on('trailers', (received: IncomingHttpHeaders) => (trailers = received))
      answered.on('data', (part: Buffer) => parts.push(part))
      answered.on('end', () => {
        if (stream.destroyed) return
        const broken = breakage(method)
        if (broken) return breakOff(stream, broken)
        stream.respond(answer, { waitForTrailers: true })
        stream.on('wantTrailers', () => stream.sendTrailers(trailers))
        stream.end(Buffer.concat(parts))
      })
      stream.on('close', () => answered.close(stream.rstCode))
      stream.pipe(answered)
      for (const each of [stream, answered]) each.on('error', () => undefined)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new AnswerBreaker(server, () => upstream.destroy())
  }

  close(): void {
    this.disconnect()
    this.server.close()
  }
}

function breakOff(stream: ServerHttp2Stream, breakage: Breakage): void {
  if ('streamError' in breakage) return stream.close(breakage.streamError)
  stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': breakage.status, 'grpc-message': 'because' }, { endStream: true })
}
