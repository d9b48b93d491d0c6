import { describe, expect, test } from 'vitest'
import { JobTable } from '../../coordinator/jobs/job-table.js'
import { newJob, type Job } from '../../coordinator/jobs/job.js'
import type { FailureReason } from '../../shared/training/outcome.js'
import type { EndedAttempt } from '../../coordinator/jobs/transition.js'
import { cancelled, diverged, failed, outOfMemory, policy, succeeded } from './arbitrary.js'

const worker = (workerId: string, slot = 0): { workerId: string; slot: number } => ({ workerId, slot })

function tableOf(count: number, changed = policy): { table: JobTable; ended: EndedAttempt[]; last: (id: number) => Job | undefined } {
  const ended: EndedAttempt[] = []
  const changes = new Map<number, Job>()
  const table = new JobTable(changed, (job, attempt) => {
    changes.set(job.id, job)
    if (attempt) ended.push(attempt)
  })
  for (let id = 1; id <= count; id++) table.insert(newJob({ id, candidate: id, encoding: `network-${id}` }, 0, changed))
  return { table, ended, last: (id) => changes.get(id) }
}

describe('leases', () => {
  test('the oldest job goes first, each to one slot', () => {
    const { table } = tableOf(2)
    expect(table.lease(worker('a'), 0)).toMatchObject({ id: 1, attempt: 1, state: { kind: 'leased', expiresAtMs: 1000 } })
    expect(table.lease(worker('b'), 0)?.id).toBe(2)
    expect(table.lease(worker('c'), 0)).toBeNull()
    expect(table.states()).toEqual({ queued: 0, leased: 2, running: 0 })
  })

  test('the longest goes first once lengths are told, also of those that are ready later', () => {
    const lengths = [3, 9, 5, 9, 1, 7]
    const { table } = tableOf(5)
    expect(table.lease(worker('first'), 0)?.id).toBe(1)
    table.leaseLongestFirst(({ id }) => lengths[id - 1])
    expect(table.lease(worker('a'), 0)?.id).toBe(2)
    table.insert(newJob({ id: 6, candidate: 6, encoding: 'network-6' }, 0, policy))
    table.tick(1000)
    // Of equals the older one; the third and the last are retries.
    expect(['b', 'c', 'd', 'e', 'f', 'g'].map((name) => table.lease(worker(name), 1100)?.id)).toEqual([2, 4, 6, 3, 1, 5])
    expect(table.lease(worker('h'), 1100)).toBeNull()
  })

  test('a silent holder loses the job to another after the lease, and its late report is refused', () => {
    const { table, ended, last } = tableOf(1)
    table.lease(worker('a'), 0)
    table.tick(999)
    expect(table.states().leased).toBe(1)
    table.tick(1000)
    expect(ended).toMatchObject([{ token: 1, workerId: 'a', outcome: { kind: 'failed', reason: 'worker_lost' } }])
    expect(table.lease({ ...worker('b'), preferOthers: true }, 1099)).toBeNull()
    expect(table.lease({ ...worker('b'), preferOthers: true }, 1100)).toMatchObject({ id: 1, attempt: 2 })
    expect(table.complete({ jobId: 1, token: 1 }, succeeded, 1200)).toBe('stale')
    expect(table.renew({ jobId: 1, token: 1 }, worker('a'), 1200)).toBe('stale')
    expect(table.complete({ jobId: 1, token: 2 }, diverged, 1300)).toBe('moved')
    expect(last(1)?.state).toMatchObject({ kind: 'done', outcome: diverged })
  })

  test('heartbeats prolong a lease', () => {
    const { table } = tableOf(1)
    table.lease(worker('a'), 0)
    for (let atMs = 500; atMs <= 5000; atMs += 500) {
      expect(table.renew({ jobId: 1, token: 1 }, worker('a'), atMs)).toBe('moved')
      table.tick(atMs)
    }
    expect(table.get(1)?.state).toMatchObject({ kind: 'running', expiresAtMs: 6000 })
  })

  test('a holder that was cut off takes its job up again while nobody else has it', () => {
    const { table } = tableOf(1)
    table.lease(worker('a'), 0)
    table.tick(1000)
    expect(table.renew({ jobId: 1, token: 1 }, worker('b'), 1050)).toBe('stale')
    expect(table.renew({ jobId: 1, token: 1 }, worker('a'), 1050)).toBe('moved')
    expect(table.get(1)).toMatchObject({ attempt: 1, failures: 0, kills: 0, state: { kind: 'running', workerId: 'a' } })
    expect(table.lease(worker('b'), 5000)).toBeNull()
  })

  test('a finished training counts although its holder was cut off, while nobody else has the job', () => {
    const { table, last } = tableOf(1)
    table.lease(worker('a'), 0)
    table.tick(1000)
    expect(table.complete({ jobId: 1, token: 1 }, succeeded, 1050)).toBe('moved')
    expect(last(1)?.state).toMatchObject({ kind: 'done', outcome: succeeded })
    expect(table.lease(worker('b'), 5000)).toBeNull()
  })

  test('what another worker may take is left to it', () => {
    const { table } = tableOf(2)
    table.lease(worker('a'), 0)
    table.complete({ jobId: 1, token: 1 }, failed(), 10)
    expect(table.lease({ ...worker('a'), preferOthers: true }, 500)?.id).toBe(2)
    expect(table.lease({ ...worker('a', 1), preferOthers: true }, 500)).toBeNull()
    expect(table.lease(worker('a', 1), 500)?.id).toBe(1)
  })

  test('what no other worker takes for a while goes to the one that failed it', () => {
    const { table } = tableOf(1)
    table.lease({ ...worker('a'), preferOthers: true }, 0)
    table.complete({ jobId: 1, token: 1 }, failed(), 10)
    expect(table.nextReadyMs(10)).toBe(110)
    expect([table.lease({ ...worker('a'), preferOthers: true }, 110), table.nextReadyMs(110)]).toEqual([null, 110 + policy.avoidanceMs])
    expect(table.lease({ ...worker('a'), preferOthers: true }, 110 + policy.avoidanceMs)).toMatchObject({ id: 1, attempt: 2 })
    expect(table.nextReadyMs(20_000)).toBe(Infinity)
  })

  test('leases lose nothing by a time in which the coordinator stood still', () => {
    const { table } = tableOf(1)
    table.lease(worker('a'), 0)
    table.prolongLeases(5000)
    table.tick(5999)
    expect(table.states().leased).toBe(1)
    table.tick(6000)
    expect(table.states()).toEqual({ queued: 1, leased: 0, running: 0 })
  })
})

describe('a job that has run out of memory', () => {
  const gib = 2 ** 30
  const small = { ...worker('small'), memoryBytes: 16 * gib }
  const large = { ...worker('large'), memoryBytes: 80 * gib }
  const outgrow = (outgrownBytes: number | null = small.memoryBytes) => {
    const made = tableOf(2)
    made.table.lease(small, 0)
    made.table.complete({ jobId: 1, token: 1 }, outOfMemory, 10, outgrownBytes)
    return made
  }

  test('has that result where no device is larger', () => {
    expect(outgrow(null).last(1)?.state).toMatchObject({ kind: 'done', outcome: outOfMemory })
  })

  test('is tried once more, on a larger device only, before anything else there', () => {
    const { table, ended, last } = outgrow()
    expect(ended).toMatchObject([{ token: 1, workerId: 'small', outcome: outOfMemory }])
    expect(table.get(1)).toMatchObject({ failures: 0, kills: 0, state: { kind: 'queued', reason: 'to be tried on a device with more than 16.0 GiB: OOM when allocating' } })
    // The same report again, because its answer was lost.
    expect(table.complete({ jobId: 1, token: 1 }, outOfMemory, 11, small.memoryBytes)).toBe('unchanged')
    expect(table.lease(large, 20)).toMatchObject({ id: 1, attempt: 2 })
    expect(table.lease(small, 20)).toMatchObject({ id: 2 })
    table.complete({ jobId: 1, token: 2 }, outOfMemory, 30, large.memoryBytes)
    expect(last(1)?.state).toMatchObject({ kind: 'done', outcome: outOfMemory })
  })

  test('keeps no slot from other work, and is nothing for a device that is hardly larger or whose memory nobody knows', () => {
    const { table } = outgrow()
    expect(table.lease(small, 20)?.id).toBe(2)
    for (const other of [{ ...worker('equal'), memoryBytes: 17 * gib }, worker('unknown')]) expect(table.lease(other, 20)).toBeNull()
    expect(table.lease(large, 20)?.id).toBe(1)
  })

  test('has the result of the larger device, whatever it is', () => {
    const { table, last } = outgrow()
    table.lease(large, 20)
    table.complete({ jobId: 1, token: 2 }, succeeded, 30)
    expect(last(1)?.state).toMatchObject({ kind: 'done', outcome: { kind: 'succeeded' } })
  })

  test('keeps the result that it has where the larger device brings none', () => {
    const lost = outgrow()
    for (let token = 2; token <= 4; token++) {
      const atMs = token * 10_000
      lost.table.lease(large, atMs)
      lost.table.complete({ jobId: 1, token }, failed(), atMs)
    }
    const stopped = outgrow()
    stopped.table.cancelAll('the search is stopped', 20)
    const left = outgrow()
    left.table.giveUpLarger(large.memoryBytes, 20)
    expect(left.table.get(1)?.state.kind).toBe('queued')
    left.table.giveUpLarger(small.memoryBytes, 20)
    for (const { last } of [lost, stopped, left]) expect(last(1)?.state).toMatchObject({ kind: 'done', outcome: outOfMemory })
  })

  test('is taken up by a silent holder of the larger device, and begun anew on another when that is lost', () => {
    const { table } = outgrow()
    table.lease(large, 20)
    table.tick(1_020)
    expect(table.lease(small, 5_000)?.id).toBe(2)
    expect(table.renew({ jobId: 1, token: 2 }, large, 5_000)).toBe('moved')
    table.tick(6_000)
    expect(table.lease({ ...worker('large too'), memoryBytes: 40 * gib }, 60_000)).toMatchObject({ id: 1, attempt: 3 })
  })
})

describe('ends', () => {
  function failThrice(reason: FailureReason): Job | undefined {
    const { table, last } = tableOf(1)
    for (let token = 1; token <= 3; token++) {
      table.lease(worker(`w${token}`), token * 10_000)
      table.complete({ jobId: 1, token }, failed(reason), token * 10_000 + 1)
    }
    return last(1)
  }

  test('failures that may be those of the candidate end a job after three', () => {
    for (const reason of ['data', 'internal'] as const) {
      expect(failThrice(reason)).toMatchObject({ attempt: 3, failures: 3, state: { kind: 'done', outcome: { kind: 'failed', reason, message: 'given up after 3 failures; at last: it broke' } } })
    }
  })

  test('failures of the machinery cost the candidate nothing; each retry waits longer', () => {
    for (const reason of ['preempted', 'disk', 'network'] as const) {
      expect(failThrice(reason)).toMatchObject({ attempt: 3, failures: 0, kills: 0, state: { kind: 'queued', notBeforeMs: 30_001 + 400, reason: 'to be retried: it broke' } })
    }
  })

  test('a candidate that brings down three trainers or workers is quarantined', () => {
    expect(failThrice('crashed')?.state).toMatchObject({ kind: 'done', outcome: { kind: 'failed', reason: 'quarantined' } })
    const { table, ended, last } = tableOf(1)
    for (let round = 1; round <= 3; round++) {
      table.lease(worker(`w${round}`), round * 10_000)
      table.tick(round * 10_000 + 1000)
    }
    expect(ended.map(({ outcome }) => (outcome.kind === 'failed' ? outcome.reason : ''))).toEqual(['worker_lost', 'worker_lost', 'worker_lost'])
    expect(last(1)).toMatchObject({ kills: 3, failures: 0, state: { outcome: { reason: 'quarantined', message: expect.stringContaining('in 3 attempts') as string } } })
  })

  test('a repeated report changes nothing, a contradicting one is refused', () => {
    const { table, ended } = tableOf(1)
    table.lease(worker('a'), 0)
    table.complete({ jobId: 1, token: 1 }, failed(), 10)
    expect(table.complete({ jobId: 1, token: 1 }, failed(), 20)).toBe('unchanged')
    expect(table.complete({ jobId: 1, token: 1 }, succeeded, 20)).toBe('stale')
    expect(ended).toHaveLength(1)
  })

  test('a cancelled job ends when its holder says so, or when its lease runs out', () => {
    const { table, last } = tableOf(3)
    table.lease(worker('a'), 0)
    table.lease(worker('b'), 0)
    table.cancelAll('the search is stopped', 10)
    expect(last(3)?.state).toMatchObject({ kind: 'done', outcome: { kind: 'cancelled', message: 'the search is stopped' } })
    expect(table.get(1)?.state).toMatchObject({ kind: 'leased', cancelling: 'the search is stopped' })
    table.complete({ jobId: 1, token: 1 }, cancelled, 20)
    table.tick(1000)
    expect(last(1)?.state).toMatchObject({ kind: 'done', outcome: { kind: 'cancelled' } })
    expect(last(2)?.state).toMatchObject({ kind: 'done', outcome: { kind: 'cancelled' } })
  })

  test('a training that finished before the cancellation reached it counts', () => {
    const { table, last } = tableOf(1)
    table.lease(worker('a'), 0)
    table.cancel(1, 'time is up', 10)
    table.complete({ jobId: 1, token: 1 }, succeeded, 20)
    expect(last(1)?.state).toMatchObject({ kind: 'done', outcome: { kind: 'succeeded' } })
  })

  test('a job handed back is free for the candidate and ready at once', () => {
    const { table } = tableOf(1)
    table.lease(worker('a'), 0)
    expect(table.release({ jobId: 1, token: 1 }, 'drained', 10)).toBe('moved')
    expect(table.get(1)).toMatchObject({ failures: 0, state: { kind: 'queued', silentHolder: null } })
    expect(table.lease({ ...worker('a'), preferOthers: true }, 10)).toMatchObject({ id: 1, attempt: 2 })
  })

  test('every limit ends what exceeds it', () => {
    const limits = { ...policy, queueLimitMs: 5000, attemptLimitMs: 3000, overallLimitMs: 20_000, maximumFailures: 99 }
    const { table, ended, last } = tableOf(2, limits)
    table.lease(worker('a'), 0)
    for (let atMs = 500; atMs < 3000; atMs += 500) table.renew({ jobId: 1, token: 1 }, worker('a'), atMs)
    table.tick(3000)
    expect(table.get(1)).toMatchObject({ failures: 1, state: { kind: 'queued', reason: 'to be retried: the attempt went over its limit of 3s' } })
    expect(ended.at(-1)?.outcome).toMatchObject({ reason: 'attempt_limit' })
    table.tick(5000)
    expect(last(2)?.state).toMatchObject({ kind: 'done', outcome: { reason: 'queue_limit', message: 'nobody took it within its limit of 5s; it was waiting for a slot' } })
    for (let atMs = 5000; atMs < 20_000; atMs += 500) {
      const job = table.heldBy(worker('b')) ?? table.lease(worker('b'), atMs)
      if (job) table.renew({ jobId: 1, token: job.attempt }, worker('b'), atMs)
      table.tick(atMs)
    }
    table.tick(20_000)
    expect(last(1)?.state).toMatchObject({ kind: 'done', outcome: { reason: 'overall_limit', message: expect.stringContaining('not done within its limit of 20s') as string } })
  })
})
