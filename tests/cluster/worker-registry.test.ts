import { expect, test } from 'vitest'
import { WorkerRegistry } from '../../coordinator/workers/worker-registry.js'
import { UnavailableError } from '../../shared/errors.js'

function registry(): WorkerRegistry {
  let sessions = 0
  return new WorkerRegistry(() => `session-${++sessions}`, 1_000)
}

const worker = (workerId: string, slots: number) => ({ workerId, name: workerId, version: '0.1.0', slots, deviceClass: 'test', threadsPerSlot: 1 })

test('one certificate cannot take all places: its slots are limited, and others still get in', () => {
  const workers = registry()
  for (let i = 0; i < 19; i++) workers.register(worker(`a:${i}`, 1_024), 'a', 'host:1', 0)
  expect(() => workers.register(worker('a:more', 1_024), 'a', 'host:1', 0)).toThrow(/the limit of the certificate of a is 2000 workers with 20000 slots/)
  workers.register(worker('b:0', 1_024), 'b', 'host:2', 0)
  // Registering again takes no further place.
  workers.register(worker('a:0', 1_024), 'a', 'host:1', 0)
  expect(workers.slots).toBe(20 * 1_024)
})

test('the slots of all workers together are limited, and who leaves makes room', () => {
  const workers = registry()
  const sessions = Array.from({ length: 97 }, (_, i) => workers.register(worker(`w${i}`, 1_024), null, 'host:1', 0))
  expect(() => workers.register(worker('late', 1_024), null, 'host:1', 0)).toThrow(UnavailableError)
  workers.leave(sessions[0].sessionId, null)
  workers.register(worker('late', 1_024), null, 'host:1', 0)
})
