/** When heartbeats are due: each a pause after the answer to the last, as long as nothing comes between. */
export interface HeartbeatPace {
  readonly firstMs: number
  readonly periodMs: number
}

/** What limits how many heartbeats may be left out. */
export interface Calm {
  /** The last moment at which one can be sent that is surely sent. */
  readonly sendByMs: number
  /** The last moment at which one can arrive before anything could go wrong or be noticed. */
  readonly arriveByMs: number
  readonly latencyMs: number
}

/**
 * The heartbeat to send next. Of a row of heartbeats that all arrive and are all answered with nothing, only the last one matters:
 * it renews the leases for as long as all of them together. So the row is cut short to its last one that is still in the calm; what
 * is then known of leases and workers at any moment when somebody looks is what all of them would have made known. One thing is not
 * exact: what the coordinator decides while a heartbeat that was left out would have been on its way to it is heard with the next one,
 * a pause later. That matters to few workers, for it is at most a latency in each pause of seconds.
 */
export function nextHeartbeatMs({ firstMs, periodMs }: HeartbeatPace, { sendByMs, arriveByMs, latencyMs }: Calm): number {
  const latestMs = Math.min(sendByMs, arriveByMs - latencyMs)
  const leftOut = Math.max(0, Math.floor((latestMs - firstMs) / periodMs))
  return firstMs + leftOut * periodMs
}

/** The first one that is not before a moment. */
export function heartbeatFrom({ firstMs, periodMs }: HeartbeatPace, atMs: number): number {
  return firstMs + Math.max(0, Math.ceil((atMs - firstMs) / periodMs)) * periodMs
}
