import { join } from 'node:path'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { programVersion } from '../../shared/version.js'
import { startAgent } from '../../worker/agent/agent.js'
import { WorkFolder } from '../../worker/agent/work-folder.js'
import { outcomeFor } from '../chaos/known-outcome.js'
import { closing, coordinator, temporaryFolder, testConfig } from '../cluster/test-search.js'
import { Eventually } from '../support/eventually.js'
import { ScriptedTrainer } from './scripted-trainer.js'

const config = testConfig({ search: { population: 4, candidates: 4 }, jobs: { leaseTime: '4s' } })

test('an agent tells a coordinator that was started anew what it trains, by its heartbeats alone', async () => {
  const directory = temporaryFolder()
  const before = await coordinator({ config, directory })
  const trainer = new ScriptedTrainer()
  const log = new Eventually<Readonly<Record<string, unknown>>>()
  const folder = closing(await WorkFolder.open(join(temporaryFolder(), 'a')))
  const agent = startAgent({
    worker: { workerId: folder.workerId, name: 'a', version: programVersion(), slots: 1, deviceClass: 'test', threadsPerSlot: 1 },
    folder,
    coordinator: { target: before.address },
    launch: trainer.launch,
    logger: pino({}, { write: (line: string) => log.push(JSON.parse(line) as Record<string, unknown>) }),
  })
  closing({ close: () => (agent.drain('the test is over'), agent.ended) })
  const training = await trainer.started.until(() => true)
  await log.until(({ msg }) => msg === 'registered')

  await before.close()
  const after = await coordinator({ config, directory, listen: before.address })
  // Its only slot is busy and no epoch ends: nothing else is said to the coordinator.
  await log.until(({ msg }) => msg === 'registered')
  expect(after.snapshot()).toMatchObject({ workers: 1, runningTotal: 1 })
  training.finish(outcomeFor(training.work.specification.encoding))
  expect(await log.until(({ msg }) => msg === 'result delivered')).toMatchObject({ verdict: 'accepted', token: 1 })
  expect(after.snapshot()).toMatchObject({ trained: 1, lostAttempts: {} })
})
