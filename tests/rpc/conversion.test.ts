import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Candidate } from '../../shared/cluster/candidate.js'
import type { JobLease } from '../../shared/cluster/job-lease.js'
import type { SearchSnapshot } from '../../shared/cluster/search-snapshot.js'
import { InvalidInputError } from '../../shared/errors.js'
import { Candidate as CandidateMessage, SearchSnapshot as SnapshotMessage } from '../../shared/rpc/gen/nasoa/v1/control.js'
import { Outcome as OutcomeMessage } from '../../shared/rpc/gen/nasoa/v1/training.js'
import { JobLease as LeaseMessage, RegisterRequest } from '../../shared/rpc/gen/nasoa/v1/worker.js'
import { leaseFromMessage, leaseToMessage } from '../../shared/rpc/job-message.js'
import { outcomeFromMessage, outcomeToMessage } from '../../shared/rpc/outcome-message.js'
import { candidateFromMessage, candidateToMessage, snapshotFromMessage, snapshotToMessage } from '../../shared/rpc/search-message.js'
import { registrationFromMessage } from '../../shared/rpc/worker-message.js'
import type { Outcome } from '../../shared/training/outcome.js'
import { augmentations } from '../../shared/training/specification.js'

const share = fc.double({ min: 0, max: 1, noNaN: true })
const positive = fc.double({ min: 1e-6, max: 1e9, noNaN: true })
const count = fc.integer({ min: 1, max: 1_000_000 })
const whole = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const durationMs = fc.integer({ min: 0, max: 1e11 })
const word = fc.stringMatching(/^[ -~]{1,40}$/)
const seed = fc.integer({ min: 0, max: 4294967295 })
const nullable = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null })

const stepMs = fc.tuple(positive, share, share).map(([median, below, above]) => ({
  median,
  p10: Math.max(1e-9, median * below),
  p90: median * (1 + above),
}))

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({
    kind: fc.constant('succeeded' as const),
    result: fc.record(
      {
        top1: share,
        // Minus zero is zero on the wire.
        loss: fc.double({ min: -100, max: 100, noNaN: true }).map((value) => value + 0),
        epochs: count,
        imagesPerSecond: positive,
        stepMs,
        trainingMs: durationMs,
        deviceClass: word,
        precision: fc.constantFrom('float32' as const, 'bfloat16' as const, 'float16' as const),
        images: fc.record({ train: count, validation: count, unreadable: count }),
        checkpoint: word,
      },
      { requiredKeys: ['top1', 'loss', 'epochs', 'imagesPerSecond', 'stepMs', 'trainingMs', 'deviceClass', 'precision', 'images'] },
    ),
  }),
  fc.record({ kind: fc.constant('diverged' as const), epoch: count, message: word }),
  fc.record({ kind: fc.constant('out_of_memory' as const), peakBytes: whole, message: word }),
  fc.record({ kind: fc.constant('timed_out' as const), limitMs: durationMs, message: word }),
  fc.record({ kind: fc.constant('cancelled' as const), message: word }),
  fc.record({
    kind: fc.constant('failed' as const),
    reason: fc.constantFrom('worker_lost', 'preempted', 'disk', 'network', 'data', 'crashed', 'internal'),
    message: word,
  }),
)

const lease: fc.Arbitrary<JobLease> = fc.record({
  candidate: count,
  jobId: count,
  token: count,
  attemptLimitMs: nullable(durationMs),
  specification: fc.record(
    {
      encoding: word,
      dataDirectory: word,
      subset: fc.record({ classes: count, imagesPerClass: count, validationImagesPerClass: count, seed }, { requiredKeys: ['seed'] }),
      manifestHash: word,
      recipe: fc.record({
        epochs: count,
        batch: count,
        resolution: fc.integer({ min: 1, max: 4096 }),
        learningRate: fc.double({ min: 0, max: 10, noNaN: true }),
        weightDecay: share,
        labelSmoothing: share,
        warmup: share,
        augmentation: fc.constantFrom(...augmentations),
        precision: fc.constantFrom('float32', 'bfloat16', 'float16', 'auto'),
        seed,
      }),
      stopAfterEpochs: count,
      lineage: word,
      timeLimitMs: durationMs,
      unreadableLimit: share,
    },
    { requiredKeys: ['encoding', 'dataDirectory', 'subset', 'recipe', 'unreadableLimit'] },
  ),
})

const candidate: fc.Arbitrary<Candidate> = fc.record(
  {
    sequence: count,
    encoding: word,
    status: fc.constantFrom('pending', 'told', 'withdrawn'),
    operator: word,
    parents: fc.array(word),
    params: whole,
    macs: whole,
    activations: whole,
    outcome: nullable(outcome),
    toldSequence: nullable(count),
    rung: fc.integer({ min: 0, max: 19 }),
    phase: fc.constantFrom('block', 'macro', 'joint'),
  },
  { requiredKeys: ['sequence', 'encoding', 'status', 'operator', 'parents', 'params', 'macs', 'activations', 'outcome', 'toldSequence', 'rung'] },
)

const leader = fc.record({ encoding: word, top1: share, imagesPerSecond: positive })
const snapshot: fc.Arbitrary<SearchSnapshot> = fc.record({
  name: word,
  status: fc.constantFrom('running', 'stopping', 'finished', 'stopped', 'failed'),
  statusReason: word,
  elapsedMs: durationMs,
  timeLimitMs: nullable(durationMs),
  trained: count,
  budget: count,
  queued: count,
  workers: count,
  slots: count,
  running: fc.array(
    fc.record({ jobId: count, token: count, encoding: word, worker: word, epoch: count, epochs: count, top1: nullable(share), loss: nullable(positive), runningMs: durationMs }),
  ),
  runningTotal: count,
  frontSize: count,
  hypervolume: share,
  mostAccurate: nullable(leader),
  fastest: nullable(leader),
  unsuccessful: fc.dictionary(fc.constantFrom('diverged', 'timed_out'), count, { noNullPrototype: true }),
  lostAttempts: fc.dictionary(fc.constantFrom('worker_lost', 'disk'), count, { noNullPrototype: true }),
  warnings: fc.array(word),
  refused: count,
  rungs: fc.array(fc.record({ epochs: count, results: count, promoted: count })),
})

interface Codec<M> {
  encode(message: M): { finish(): Uint8Array }
  decode(bytes: Uint8Array): M
}

/** Through real bytes, as over the wire. */
function overTheWire<M>(codec: Codec<M>, message: M): M {
  return codec.decode(codec.encode(message).finish())
}

function holds<T>(values: fc.Arbitrary<T>, check: (value: T) => void): void {
  fc.assert(fc.property(values, check))
}

describe('domain to wire and back is the identity', () => {
  test('outcomes', () => {
    holds(outcome, (value) => void expect(outcomeFromMessage(overTheWire(OutcomeMessage, outcomeToMessage(value)))).toEqual(value))
  })
  test('leases', () => {
    holds(lease, (value) => void expect(leaseFromMessage(overTheWire(LeaseMessage, leaseToMessage(value)))).toEqual(value))
  })
  test('candidates', () => {
    holds(candidate, (value) => void expect(candidateFromMessage(overTheWire(CandidateMessage, candidateToMessage(value)))).toEqual(value))
  })
  test('snapshots', () => {
    holds(snapshot, (value) => void expect(snapshotFromMessage(overTheWire(SnapshotMessage, snapshotToMessage(value)))).toEqual(value))
  })
})

describe('hostile messages', () => {
  test('bytes of any kind are refused with a typed error, or understood', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        let message: OutcomeMessage
        try {
          message = OutcomeMessage.decode(bytes)
        } catch {
          return
        }
        try {
          outcomeFromMessage(message)
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidInputError)
        }
      }),
    )
  })

  const worker = { workerId: 'a', name: 'a', version: '1.0.0', slots: 1, deviceClass: 'cpu', threadsPerSlot: 1, memoryBytes: 0n, labels: {}, held: [], searchId: '' }
  test.each([
    [{ workerId: '../../etc' }, /worker_id/],
    [{ workerId: '.hidden' }, /worker_id/],
    [{ workerId: '' }, /worker_id/],
    [{ workerId: 'x'.repeat(65) }, /worker_id/],
    [{ name: 'x'.repeat(101) }, /name has 101 characters/],
    [{ slots: 0 }, /slots must be a number from 1/],
    [{ slots: 4_000_000_000 }, /slots/],
    [{ held: [{ attempt: undefined, slot: 0 }] }, /attempt is missing/],
    [{ held: [{ attempt: { jobId: 0, token: 1 }, slot: 0 }] }, /job_id/],
    [{ labels: { '../x': 'y' } }, /label/],
  ])('a registration with %j is refused by name of the field', (changes, message) => {
    expect(() => registrationFromMessage(RegisterRequest.decode(RegisterRequest.encode({ ...worker, ...changes }).finish()))).toThrow(message)
  })

  test('memory is a number of bytes, or not known', () => {
    expect([0n, 80n * 2n ** 30n].map((memoryBytes) => registrationFromMessage({ ...worker, memoryBytes }).worker.memoryBytes)).toEqual([undefined, 80 * 2 ** 30])
    for (const memoryBytes of [-1n, 2n ** 62n]) expect(() => registrationFromMessage({ ...worker, memoryBytes })).toThrow(/memory_bytes/)
  })

  test('control characters do not reach logs', () => {
    expect(registrationFromMessage({ ...worker, name: 'a\u001b[2J\nb' }).worker.name).toBe('a [2J b')
  })
})
