import { status } from '@grpc/grpc-js'
import { constants } from 'node:http2'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { programVersion } from '../../shared/version.js'
import { startAgent } from '../../worker/agent/agent.js'
import { WorkFolder } from '../../worker/agent/work-folder.js'
import type { Launch } from '../../worker/agent/training-run.js'
import { outcomeFor } from '../chaos/known-outcome.js'
import { closing, coordinator, temporaryFolder, testConfig } from '../cluster/test-search.js'
import { AnswerBreaker, type Breakage } from '../support/answer-breaker.js'

const launch: Launch = ({ specification }) => ({ ended: Promise.resolve(outcomeFor(specification.encoding)), cancel: () => undefined })

const breakages: readonly Breakage[] = [
  ...[status.CANCELLED, status.UNKNOWN, status.DEADLINE_EXCEEDED, status.RESOURCE_EXHAUSTED, status.INTERNAL, status.UNAVAILABLE, status.DATA_LOSS].map(
    (code) => ({ status: code }),
  ),
  ...['NGHTTP2_NO_ERROR', 'NGHTTP2_PROTOCOL_ERROR', 'NGHTTP2_INTERNAL_ERROR', 'NGHTTP2_REFUSED_STREAM', 'NGHTTP2_CANCEL'].map((name) => ({
    streamError: (constants as unknown as Readonly<Record<string, number>>)[name] ?? 0,
  })),
]

test('a worker outlives answers that are lost, however they are; every result counts once', async () => {
  const running = await coordinator({ config: testConfig({ search: { population: 4, candidates: 24 } }) })
  // Asking for work is answered with a result's delivery mostly, so there are few calls for it.
  const left = new Map([['LeaseJob', breakages.filter((_, index) => index % 4 === 0)], ['CompleteJob', [...breakages]]])
  let deliveries = 0
  const breaker = closing(
    await AnswerBreaker.open(running.address, (method) => {
      const isSpared = method === 'CompleteJob' && deliveries++ % 2 === 1
      return isSpared ? null : (left.get(method)?.shift() ?? null)
    }),
  )
  const folder = closing(await WorkFolder.open(join(temporaryFolder(), 'a')))
  const agent = startAgent({
    worker: { workerId: folder.workerId, name: 'a', version: programVersion(), slots: 2, deviceClass: 'test', threadsPerSlot: 1 },
    folder,
    coordinator: { target: breaker.address },
    untilOver: true,
    launch,
  })
  await agent.ended
  // Those that diverged are among the trained.
  const { status: end, trained: results, runningTotal } = running.snapshot()
  expect({ end, results, runningTotal }).toEqual({ end: 'finished', results: 24, runningTotal: 0 })
  expect([...left.values()].flat()).toEqual([])
})
