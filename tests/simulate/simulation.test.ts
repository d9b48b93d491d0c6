import { describe, expect, test } from 'vitest'
import { Simulation, type SimulationOptions } from '../../simulator/simulation.js'
import { simulationConfigSchema, type SimulationConfig } from '../../simulator/simulation-config.js'
import type { SimulationEvent } from '../../simulator/simulation-event.js'
import type { SimulationReport } from '../../simulator/simulation-report.js'

const quiet = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A small cluster on which everything goes wrong now and then. */
function troubled(changes: { readonly seed?: number; readonly candidates?: number; readonly latency?: string; readonly workerFailures?: number; readonly simulation?: Record<string, unknown> } = {}): SimulationConfig {
  const disturbances = { lost: { every: '4h', for: '10m' }, restarts: { every: '2h', for: '40s' }, preempted: { every: '4h', for: '5m' }, cuts: { every: '1h', for: '1m' } }
  return simulationConfigSchema.parse({
    seed: changes.seed ?? 1,
    data: { directory: '/not/read', classes: 100, imagesPerClass: 4000 },
    space: { macs: { max: 3e9 } },
    training: { epochs: 2 },
    search: { algorithm: 'nsga2', population: 8, candidates: changes.candidates ?? 100_000 },
    jobs: { leaseTime: '2m', ...(changes.workerFailures && { workerFailures: changes.workerFailures }) },
    simulation: {
      duration: '150m',
      workers: [
        { name: 'fast', count: 4, speed: 2, latency: changes.latency ?? '5ms', ...disturbances },
        { name: 'slow', count: 3, slots: 2, latency: changes.latency ?? '400ms', ...disturbances },
      ],
      ...changes.simulation,
    },
  })
}

async function simulate(config: SimulationConfig, options: Partial<SimulationOptions> = {}): Promise<{ report: SimulationReport; events: SimulationEvent[] }> {
  const events: SimulationEvent[] = []
  const simulation = new Simulation({ config, quiet, log: (event) => events.push(event), ...options })
  while (!(await simulation.advance(5_000)));
  return { report: simulation.report(), events }
}

/** Slot time by the definition, from the log alone: finished or still running attempts / slots of living workers. */
function accountsOf(events: readonly SimulationEvent[]): { readonly utilisation: number; readonly candidates: number } {
  const endMs = events[events.length - 1].atMs
  const up = new Map<string, { readonly atMs: number; readonly slots: number }>()
  const began = new Map<string, number>()
  const spent = new Map<string, number>()
  const counts = new Set<string>()
  const key = ({ jobId, token }: { jobId: number; token: number }): string => `${jobId}/${token}`
  let aliveMs = 0
  let candidates = 0
  for (const event of events) {
    if (event.kind === 'worker_up') up.set(event.worker, event)
    if (event.kind === 'worker_down') {
      const since = up.get(event.worker)
      aliveMs += (event.atMs - (since?.atMs ?? NaN)) * (since?.slots ?? NaN)
      up.delete(event.worker)
    }
    if (event.kind === 'training_began') began.set(key(event), event.atMs)
    if (event.kind === 'training_stopped') {
      spent.set(key(event), (spent.get(key(event)) ?? 0) + event.atMs - (began.get(key(event)) ?? NaN))
      began.delete(key(event))
    }
    if (event.kind === 'attempt_ended' && !['failed', 'cancelled'].includes(event.outcome)) counts.add(key(event))
    if (event.kind === 'still_running') counts.add(key(event))
    if (event.kind === 'candidate_ended' && !['failed', 'cancelled'].includes(event.outcome)) candidates++
  }
  for (const { atMs, slots } of up.values()) aliveMs += (endMs - atMs) * slots
  for (const [attempt, atMs] of began) spent.set(attempt, (spent.get(attempt) ?? 0) + endMs - atMs)
  const usefulMs = [...spent].reduce((sum, [attempt, ms]) => sum + (counts.has(attempt) ? ms : 0), 0)
  return { utilisation: usefulMs / aliveMs, candidates }
}

describe('a simulation', { timeout: 300_000 }, () => {
  test('of equal seeds is the same event for event; of another seed it is another', async () => {
    const first = await simulate(troubled())
    const second = await simulate(troubled())
    // As text: thousands of events are compared in no time.
    expect(JSON.stringify(second.events)).toBe(JSON.stringify(first.events))
    expect(second.report).toEqual(first.report)
    const other = await simulate(troubled({ seed: 2 }))
    expect(other.report.digest).not.toBe(first.report.digest)
  })

  test.each([1, 2, 3])('counts as its log does, seed %i', async (seed) => {
    const { report, events } = await simulate(troubled({ seed, simulation: { coordinator: { restarts: { every: '3h', for: '30s' } } } }))
    const { utilisation, candidates } = accountsOf(events)
    expect(report.candidates).toBe(candidates)
    expect(report.candidates).toBeGreaterThan(50)
    expect(report.utilisation).toBeCloseTo(utilisation, 10)
    expect(report.slotHours.useful + report.slotHours.lost + report.slotHours.idle).toBeCloseTo(report.slotHours.alive, 8)
    const down = (why: string): number => events.filter((event) => event.kind === 'worker_down' && event.why === why).length
    expect(report.absences).toEqual({ lost: down('lost'), restarts: down('restarts'), preempted: down('preempted') })
  })

  test('losses are counted as they happen', async () => {
    const { report, events } = await simulate(troubled({ seed: 5 }))
    const failed = events.filter((event) => event.kind === 'attempt_ended' && event.outcome === 'failed').length
    expect(failed).toBeGreaterThan(0)
    expect(Object.values(report.lostAttempts).reduce((sum, count) => sum + count, 0)).toBe(failed)
  })

  test('no candidate ends twice, and no slot trains two networks at a time', async () => {
    const { events } = await simulate(troubled({ seed: 4 }))
    const ended = events.flatMap((event) => (event.kind === 'candidate_ended' ? [event.encoding] : []))
    expect(new Set(ended).size).toBe(ended.length)
    const busy = new Set<string>()
    for (const event of events) {
      if (event.kind !== 'training_began' && event.kind !== 'training_stopped') continue
      const slot = `${event.worker}/${event.slot}`
      expect(busy.has(slot)).toBe(event.kind === 'training_stopped')
      if (event.kind === 'training_began') busy.add(slot)
      else busy.delete(slot)
    }
  })

  test.each([6, 7])('whatever is lost, each job that finished counts once, seed %i', async (seed) => {
    const { report, events } = await simulate(troubled({ seed, simulation: { coordinator: { restarts: { every: '20m', for: '30s' } } } }))
    expect(Object.values(report.absences).every((count) => count > 0)).toBe(true)
    const finished = new Map<number, Set<number>>()
    for (const event of events) {
      if (event.kind !== 'attempt_ended' || ['failed', 'cancelled'].includes(event.outcome)) continue
      finished.set(event.jobId, (finished.get(event.jobId) ?? new Set()).add(event.token))
    }
    expect([...finished.values()].filter((tokens) => tokens.size !== 1)).toEqual([])
    expect(report.candidates).toBe(finished.size)
  })

  test('without disturbances every slot is busy but for the first call', async () => {
    const { report } = await simulate(troubled({ simulation: { trainings: { crashed: 0 }, workers: [{ name: 'calm', count: 8 }] } }))
    expect(report.lostAttempts).toEqual({})
    expect(report.utilisation).toBeGreaterThan(0.999)
  })

  test('a cordoned worker stays so when the coordinator is started again', async () => {
    const { report } = await simulate(
      troubled({
        workerFailures: 1,
        simulation: { duration: '2d', trainings: { crashed: 0.3 }, workers: [{ name: 'calm', count: 6 }], coordinator: { restarts: { every: '30m', for: '10s' } } },
      }),
    )
    expect(report).toMatchObject({ status: 'failed', lostAttempts: { crashed: 6 } })
    expect(report.statusReason).toMatch(/every worker is cordoned/)
  })

  test('ends with the search when its budget is used up', async () => {
    const { report } = await simulate(troubled({ candidates: 40 }))
    expect(report).toMatchObject({ status: 'finished', candidates: 40 })
    expect(report.virtualHours).toBeLessThan(2.5)
  })

  test('heartbeats that change nothing can be left out: the same comes of it', async () => {
    // What the coordinator decides while a left-out heartbeat would be on its way is heard with the next one: hence the fast network.
    const config = troubled({ latency: '1ms' })
    const short = await simulate(config)
    const long = await simulate(config, { everyHeartbeat: true })
    expect(short.report.digest).toBe(long.report.digest)
    expect(short.report.events).toBeLessThan(long.report.events)
  })
})
