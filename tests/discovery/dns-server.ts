import { createSocket } from 'node:dgram'
import { AUTHORITATIVE_ANSWER, decode, encode, type Answer, type Packet } from 'dns-packet'

export type Zone = Readonly<Record<string, readonly Answer[]>>

/** A DNS server on the loopback that answers from a zone, which a test may replace; unknown names do not exist. */
export async function startDnsServer(zone: Zone): Promise<{ readonly address: string; zone: Zone; stop(): Promise<void> }> {
  const socket = createSocket('udp4')
  const server = {
    address: '',
    zone,
    stop: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  }
  socket.on('message', (message, { port, address }) => {
    const query = decode(message)
    const { name, type } = query.questions?.[0] ?? { name: '', type: 'A' as const }
    const known = server.zone[name]
    const answers = (known ?? []).filter((answer) => answer.type === type)
    // 3 = the name does not exist.
    const flags = AUTHORITATIVE_ANSWER | (known ? 0 : 3)
    const reply: Packet = { type: 'response', id: query.id ?? 0, flags, questions: query.questions ?? [], answers }
    socket.send(encode(reply), port, address)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  server.address = `127.0.0.1:${socket.address().port}`
  return server
}
