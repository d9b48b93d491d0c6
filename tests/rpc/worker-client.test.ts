import { Server, ServerCredentials, type handleBidiStreamingCall, type handleUnaryCall } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { ExchangeHandlers } from '../../shared/rpc/exchange-handlers.js'
import { Verdict, WorkerServiceService, type CompleteJobRequest, type CompleteJobResponse, type RegisterRequest, type RegisterResponse } from '../../shared/rpc/gen/nasoa/v1/worker.js'
import { WorkerClient } from '../../shared/rpc/worker-client.js'
import { programVersion } from '../../shared/version.js'

test('results of a session go on a stream of that session', async () => {
  const sessions: string[][] = []
  const exchanges = new ExchangeHandlers()
  const register: handleUnaryCall<RegisterRequest, RegisterResponse> = (_call, callback) => {
    callback(null, { sessionId: 'session', searchName: 'test', leaseTtlMs: 10_000n, heartbeatIntervalMs: 1_000n, drop: [], searchId: 'search' })
  }
  const completeJob: handleBidiStreamingCall<CompleteJobRequest, CompleteJobResponse> = (call) => {
    const jobs: string[] = []
    sessions.push(jobs)
    exchanges.handler<CompleteJobRequest, CompleteJobResponse>('CompleteJob', ({ attempt }) => {
      jobs.push(`job ${attempt?.jobId}`)
      return { verdict: Verdict.ACCEPTED, next: undefined, searchOver: false }
    })(call)
  }
  const server = new Server()
  const { register: registering, completeJob: completing } = WorkerServiceService
  server.addService({ register: registering, completeJob: completing }, { register, completeJob })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)))
  })
  const client = new WorkerClient({ target: `127.0.0.1:${port}` })
  try {
    const worker = { workerId: 'a', name: 'a', version: programVersion(), slots: 1, deviceClass: 'test', threadsPerSlot: 1 }
    for (const jobIds of [[1, 2], [3, 4]]) {
      const { sessionId } = await client.register({ worker, held: [], searchId: '' })
      for (const jobId of jobIds) {
        const completion = { jobId, token: 1, slot: 0, outcome: { kind: 'cancelled', message: '' }, wantsNext: false } as const
        expect(await client.completeJob(sessionId, completion)).toEqual({ verdict: 'accepted', lease: null, searchOver: false })
      }
    }
  } finally {
    client.close()
    server.forceShutdown()
  }
  expect(sessions).toEqual([['job 1', 'job 2'], ['job 3', 'job 4']])
})
