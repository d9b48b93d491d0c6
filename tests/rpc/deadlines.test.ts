import { Server, ServerCredentials, type handleUnaryCall } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WorkerServiceService, type HeartbeatRequest, type HeartbeatResponse } from '../../shared/rpc/gen/nasoa/v1/worker.js'
import { WorkerClient } from '../../shared/rpc/worker-client.js'

const server = new Server()
/** Of the last call, milliseconds from then. */
let deadlineMs = 0
let client: WorkerClient

beforeAll(async () => {
  const heartbeat: handleUnaryCall<HeartbeatRequest, HeartbeatResponse> = (call, callback) => {
    deadlineMs = Number(call.getDeadline()) - Date.now()
    callback(null, { cancellations: [] })
  }
  server.addService({ heartbeat: WorkerServiceService.heartbeat }, { heartbeat })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)))
  })
  client = new WorkerClient({ target: `127.0.0.1:${port}` })
})

afterAll(() => {
  client.close()
  server.forceShutdown()
})

describe('a heartbeat', () => {
  test.each([
    ['half of a short lease', 4_000, 2_000],
    ['ten seconds of a long one', 600_000, 10_000],
  ])('is given %s to be answered', async (_, leaseTtlMs, expected) => {
    await client.heartbeat('session', [], false, leaseTtlMs)
    expect(deadlineMs).toBeGreaterThan(expected / 2)
    expect(deadlineMs).toBeLessThanOrEqual(expected)
  })
})
