/** What the first bytes of a connection say. */
export type Greeting = 'tls' | 'http2' | 'http1' | 'unknown'

const tlsHandshakeRecord = 0x16
const http2Preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** RFC 8446 section 5.1, RFC 9113 section 3.4; HTTP/1 begins with a method in capitals. A part of the preface counts as it. */
export function greetingOf(bytes: Buffer): Greeting {
  if (bytes[0] === tlsHandshakeRecord) return 'tls'
  const length = Math.min(bytes.length, http2Preface.length)
  if (bytes.subarray(0, length).equals(http2Preface.subarray(0, length))) return 'http2'
  return /^[A-Z]{3,7} /.test(bytes.subarray(0, 16).toString('latin1')) ? 'http1' : 'unknown'
}

/** Answer to TLS where there is none: a fatal alert `protocol_version` (RFC 8446 section 6), which clients report. */
export const noTlsHere = Buffer.from([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 70])

const text = 'this port speaks gRPC; metrics and health are on the port of --metrics\n'

export const noHttpHere = Buffer.from(
  `HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`,
)
