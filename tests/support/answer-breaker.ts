import { connect, createServer, type Http2Server, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
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
      let answer: IncomingHttpHeaders = {}
      let trailers: OutgoingHttpHeaders = {}
      answered.on('response', (received) => (answer = received))
      answered.on('trailers', (received: IncomingHttpHeaders) => (trailers = stream.writableEnded ? trailers : received))
      // Whether the caller still gets what is answered; messages here are small, so a part is one.
      const isHandedOn = (): boolean => {
        if (stream.destroyed || stream.writableEnded) return false
        const broken = breakage(method)
        if (broken) trailers = breakOff(stream, broken)
        return broken === null
      }
      const begin = (): void => {
        if (stream.headersSent) return
        stream.respond(answer, { waitForTrailers: true })
        stream.on('wantTrailers', () => stream.sendTrailers(trailers))
      }
      answered.on('data', (part: Buffer) => {
        if (!isHandedOn()) return
        begin()
        stream.write(part)
      })
      answered.on('end', () => {
        if (!stream.headersSent && !isHandedOn()) return
        if (stream.destroyed || stream.writableEnded) return
        begin()
        stream.end()
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

/** @returns the trailers to end with, where an answer has been handed on before */
function breakOff(stream: ServerHttp2Stream, breakage: Breakage): OutgoingHttpHeaders {
  if ('streamError' in breakage) {
    stream.close(breakage.streamError)
    return {}
  }
  const trailers = { 'grpc-status': breakage.status, 'grpc-message': 'because' }
  if (stream.headersSent) stream.end()
  else stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...trailers }, { endStream: true })
  return trailers
}
