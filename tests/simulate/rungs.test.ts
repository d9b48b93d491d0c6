import { expect, test } from 'vitest'
import { Simulation } from '../../simulator/simulation.js'
import { simulationConfigSchema } from '../../simulator/simulation-config.js'
import type { SimulationEvent } from '../../simulator/simulation-event.js'
import type { SimulationReport } from '../../simulator/simulation-report.js'

const quiet = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** One kind of device that never fails; what a training takes beside its epochs is nothing. */
async function simulate(changes: Record<string, unknown>, simulation: Record<string, unknown> = {}): Promise<{ report: SimulationReport; lengthsMs: number[] }> {
  const config = simulationConfigSchema.parse({
    data: { directory: '/not/read', classes: 100, imagesPerClass: 1000 },
    space: { macs: { max: 1e9 } },
    search: { algorithm: 'nsga2', population: 8, candidates: 27, reduction: 3 },
    phases: [],
    simulation: { trainings: { overhead: '1ms', diverged: 0, crashed: 0 }, workers: [{ name: 'a', count: 4, spread: 0 }], ...simulation },
    ...changes,
  })
  const began = new Map<number, number>()
  const lengthsMs: number[] = []
  const log = (event: SimulationEvent): void => {
    if (event.kind === 'training_began') began.set(event.jobId, event.atMs)
    if (event.kind === 'training_stopped') lengthsMs.push(event.atMs - (began.get(event.jobId) ?? NaN))
  }
  const running = new Simulation({ config, quiet, log })
  while (!(await running.advance(5_000)));
  return { report: running.report(), lengthsMs }
}

const rungs = [{ epochs: 1 }, { epochs: 3 }, { epochs: 9 }]
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

test('on rungs a candidate is trained as far as its rung, and a promoted one goes on from there', async () => {
  const whole = await simulate({ training: { epochs: 9 } })
  const climbing = await simulate({ rungs })
  expect(climbing.report.status).toBe('finished')
  // 27 first rungs, at most 9 and 3 promotions: 27 + 9 x 2 + 3 x 6 epochs of the 243 of whole trainings.
  expect(climbing.lengthsMs.length).toBeGreaterThan(30)
  expect(climbing.lengthsMs.length).toBeLessThanOrEqual(39)
  expect(sum(climbing.lengthsMs) / sum(whole.lengthsMs)).toBeLessThan(0.5)
})

test('without checkpoints that all workers reach, a promoted candidate is trained from the start', async () => {
  const shared = await simulate({ rungs })
  const apart = await simulate({ rungs }, { artifacts: false })
  expect(sum(apart.lengthsMs)).toBeGreaterThan(sum(shared.lengthsMs) * 1.05)
})
