import { status } from '@grpc/grpc-js'
import { Histogram, type Registry } from 'prom-client'
import type { CallObserver } from '../../shared/rpc/handler.js'

/** Calls served, by method and status. Long polls take as long as they wait. */
export function registerCallMetrics(registry: Registry): CallObserver {
  const duration = new Histogram({
    name: 'nasoa_rpc_duration_seconds',
    help: 'Time to answer a call, by method and status; LeaseJob and WatchSearch include their waiting',
    labelNames: ['method', 'status'],
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.1, 0.5, 2, 10, 60],
    registers: [registry],
  })
  return (method, durationMs, code) => duration.observe({ method, status: status[code] }, durationMs / 1000)
}
