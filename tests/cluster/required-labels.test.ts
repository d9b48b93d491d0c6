import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lacking } from '../../coordinator/workers/required-labels.js'
import { coordinator, ScriptedWorker, temporaryFolder, testConfig } from './test-search.js'

const config = (requires: Record<string, string>) => testConfig({ jobs: { leaseTime: '1m', requires } })

test('only workers with the labels that a search asks for are given its jobs, and it says who goes without', async () => {
  const { address, snapshot } = await coordinator({ config: config({ kind: 'a100', zone: 'a' }) })
  const suited = new ScriptedWorker(address, 'suited', 2, { kind: 'a100', zone: 'a', rack: '7' })
  const others = [new ScriptedWorker(address, 'elsewhere', 1, { kind: 'a100', zone: 'b' }), new ScriptedWorker(address, 'bare', 1)]
  for (const worker of [suited, ...others]) await worker.register()
  for (const other of others) expect((await other.leaseJob(50)).lease).toBeNull()
  expect(await suited.complete(await suited.job())).toMatchObject({ verdict: 'accepted' })
  expect(snapshot()).toMatchObject({ workers: 3, slots: 2 })
  expect(snapshot().warnings).toEqual(['2 of 3 workers get no jobs, such as elsewhere: `jobs.requires` asks for the labels zone=a, which it lacks'])
})

test('what a worker holds when the search begins to ask for a label it may end', async () => {
  const directory = temporaryFolder()
  const before = await coordinator({ config: config({}), directory })
  const worker = new ScriptedWorker(before.address, 'bare')
  await worker.register()
  const held = await worker.job()
  await before.close()
  await coordinator({ config: config({ kind: 'a100' }), directory, listen: before.address })
  await worker.register([{ jobId: held.jobId, token: held.token, slot: 0 }])
  expect((await worker.leaseJob(50)).lease).toMatchObject({ jobId: held.jobId, token: held.token })
  expect(await worker.complete(held)).toMatchObject({ verdict: 'accepted' })
  expect((await worker.leaseJob(50)).lease).toBeNull()
})

test('a worker lacks exactly those labels that it would have to be given', () => {
  const labels = fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor'), fc.constantFrom('1', '2'))
  fc.assert(
    fc.property(labels, labels, (required, has) => {
      const lacks = lacking(required, has)
      expect(lacks.length).toBeLessThanOrEqual(Object.keys(required).length)
      const given = { ...has, ...Object.fromEntries(lacks.map((each) => each.split('=') as [string, string])) }
      expect(lacking(required, given)).toEqual([])
      if (Object.entries(required).every(([key, value]) => Object.hasOwn(has, key) && has[key] === value)) expect(lacks).toEqual([])
    }),
  )
})
