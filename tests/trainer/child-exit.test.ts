import { describe, expect, test } from 'vitest'
import { type ChildExit, outcomeOfExit } from '../../worker/trainer/child-exit.js'

const exit: ChildExit = { code: null, signal: null, stderrTail: [], sawOutOfMemoryKill: false, peakBytes: 5, ending: null }

describe('a trainer process that ends without a word', () => {
  test.each<[string, Partial<ChildExit>, Record<string, unknown>]>([
    ['killed while the kernel killed for memory', { signal: 'SIGKILL', sawOutOfMemoryKill: true }, { kind: 'out_of_memory', peakBytes: 5 }],
    ['killed by somebody', { signal: 'SIGKILL' }, { kind: 'failed', reason: 'worker_lost' }],
    ['asked to go', { signal: 'SIGTERM' }, { kind: 'failed', reason: 'preempted' }],
    ['crashed', { signal: 'SIGSEGV' }, { kind: 'failed', reason: 'crashed' }],
    ['crashed though the kernel killed another for memory', { signal: 'SIGSEGV', sawOutOfMemoryKill: true }, { kind: 'failed', reason: 'crashed' }],
    ['aborted for memory', { signal: 'SIGABRT', stderrTail: ["terminate called after throwing 'std::bad_alloc'"] }, { kind: 'out_of_memory' }],
    ["out of V8's heap", { signal: 'SIGABRT', stderrTail: ['FATAL ERROR: JavaScript heap out of memory'] }, { kind: 'out_of_memory' }],
    ['left with a code', { code: 7, stderrTail: ['first', 'last words'] }, { kind: 'failed', reason: 'crashed', message: 'the trainer process ended with exit code 7: first | last words' }],
    ['killed after a cancellation', { signal: 'SIGKILL', ending: { kind: 'cancelled' } }, { kind: 'cancelled' }],
    ['killed for its time', { signal: 'SIGKILL', ending: { kind: 'timed_out', limitMs: 9 } }, { kind: 'timed_out', limitMs: 9 }],
  ])('%s', (_, changes, expected) => {
    expect(outcomeOfExit({ ...exit, ...changes })).toMatchObject(expected)
  })
})
