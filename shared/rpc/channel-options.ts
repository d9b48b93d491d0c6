import type { ChannelOptions } from '@grpc/grpc-js'
import type { ClientSecurity } from '../security/credentials.js'

/** Where a client connects to, and how. */
export interface Endpoint {
  /** host:port, or another target that gRPC resolves. */
  readonly target: string
  /** What the other side is called in messages. */
  readonly name?: string | undefined
  /** Default: no TLS. */
  readonly security?: ClientSecurity | undefined
  /** Beside the usual ones. */
  readonly channelOptions?: ChannelOptions | undefined
}

/** Largest message either side sends or takes. Lists are paged, so even a thousand candidates stay far below. */
export const largestMessageBytes = 4 * 1024 * 1024

const shared: ChannelOptions = {
  'grpc.max_receive_message_length': largestMessageBytes,
  'grpc.max_send_message_length': largestMessageBytes,
  // Nobody reads its counters here: the coordinator has metrics.
  'grpc.enable_channelz': 0,
}

/** Of a client: a frozen server is noticed after 20 s of silence, and a server that comes back is found within 2 s. */
export const clientChannelOptions: ChannelOptions = {
  ...shared,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 1,
  // The library's default grows to two minutes, in which a worker would sit idle beside a coordinator that serves again.
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.min_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 2_000,
  'grpc.enable_retries': 0,
}

export const serverChannelOptions: ChannelOptions = {
  ...shared,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 10_000,
  // A worker of 1,024 slots may wait for work with all of them, and speak of its trainings meanwhile.
  'grpc.max_concurrent_streams': 2_500,
}
