import { readdirSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import type { ArtifactStore } from '../../shared/artifacts/artifact-store.js'
import { FolderArtifacts } from '../../shared/artifacts/folder-artifacts.js'
import { S3Artifacts } from '../../shared/artifacts/s3-artifacts.js'
import { programVersion } from '../../shared/version.js'
import { startAgent, type AgentOptions, type RunningAgent } from '../../worker/agent/agent.js'
import { WorkFolder } from '../../worker/agent/work-folder.js'
import { outcomeFor } from '../chaos/known-outcome.js'
import { closing, coordinator, temporaryFolder, testConfig } from '../cluster/test-search.js'
import { S3Server, s3Bucket, s3Credentials } from '../support/s3-server.js'
import { ScriptedTrainer, type StartedTraining } from './scripted-trainer.js'

async function agent(name: string, address: string, changes: Partial<AgentOptions>): Promise<{ agent: RunningAgent; trainer: ScriptedTrainer }> {
  const trainer = new ScriptedTrainer()
  const folder = closing(await WorkFolder.open(join(temporaryFolder(), name)))
  const worker = { workerId: folder.workerId, name, version: programVersion(), slots: 1, deviceClass: 'test', threadsPerSlot: 1 }
  const started = startAgent({ worker, folder, coordinator: { target: address }, launch: trainer.launch, ...changes })
  closing({ close: () => (started.drain('the test is over'), started.ended) })
  return { agent: started, trainer }
}

const first = (trainer: ScriptedTrainer): Promise<StartedTraining> => trainer.started.until(() => true)
const config = testConfig({ search: { population: 4, candidates: 4 } })

const stores: readonly (readonly [string, () => ArtifactStore | Promise<ArtifactStore>])[] = [
  ['a folder', () => new FolderArtifacts(temporaryFolder())],
  ['S3', openS3],
]

async function openS3(): Promise<ArtifactStore> {
  for (const [name, value] of Object.entries(s3Credentials)) vi.stubEnv(name, value)
  const server = await S3Server.start()
  closing({ close: () => (vi.unstubAllEnvs(), server.stop()) })
  return new S3Artifacts({ bucket: s3Bucket, prefix: 'test' }, { env: { AWS_ENDPOINT_URL_S3: server.url } })
}

describe('a training whose worker leaves goes on elsewhere from its last epoch', () => {
  test.each(stores)('with the checkpoint that a draining worker waits for, kept in %s', async (_where, open) => {
    const artifacts = await open()
    const { address, snapshot } = await coordinator({ config })
    const a = await agent('a', address, { artifacts, drainGraceMs: 60_000 })
    const begun = await first(a.trainer)
    begun.pass(0.3)
    begun.pass(0.2)
    a.agent.drain('maintenance')
    begun.pass(0.1)
    await a.agent.ended
    expect(snapshot()).toMatchObject({ runningTotal: 0, lostAttempts: { preempted: 1 } })
    const b = await agent('b', address, { artifacts })
    const taken = await b.trainer.started.until(({ work }) => work.specification.encoding === begun.work.specification.encoding)
    expect(taken.epoch).toBe(3)
  })

  test('the last and the best are kept until the result is delivered, then none', async () => {
    const folder = temporaryFolder()
    const artifacts = new FolderArtifacts(folder)
    const { address, snapshot } = await coordinator({ config })
    const a = await agent('a', address, { artifacts, drainGraceMs: 60_000 })
    const begun = await first(a.trainer)
    for (const top1 of [0.1, 0.9, 0.2, 0.3]) begun.pass(top1)
    begun.finish(outcomeFor(begun.work.specification.encoding))
    await a.trainer.started.until((each) => each !== begun)
    a.agent.drain('enough')
    a.trainer.started.seen.at(-1)?.pass(0.5)
    await a.agent.ended
    const [searchId] = readdirSync(folder)
    expect(snapshot().trained).toBe(1)
    expect([await artifacts.list(searchId, 1), (await artifacts.list(searchId, 2)).map(({ epoch }) => epoch)]).toEqual([[], [1]])
  })

  test('an epoch that outlasts the grace is cut short, and the job handed back', async () => {
    const { address, snapshot } = await coordinator({ config })
    const a = await agent('a', address, { drainGraceMs: 1 })
    await first(a.trainer)
    a.agent.drain('maintenance')
    await a.agent.ended
    expect(snapshot()).toMatchObject({ runningTotal: 0, workers: 0, lostAttempts: { preempted: 1 } })
  })

  test('where the last checkpoint is damaged, from the one before', async () => {
    const folder = temporaryFolder()
    const artifacts = new FolderArtifacts(folder)
    const { address } = await coordinator({ config })
    const a = await agent('a', address, { artifacts, drainGraceMs: 60_000 })
    const begun = await first(a.trainer)
    for (const top1 of [0.3, 0.2]) begun.pass(top1)
    a.agent.drain('maintenance')
    begun.pass(0.1)
    await a.agent.ended
    const kept = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.safetensors')).sort()
    truncateSync(join(folder, kept.at(-1) ?? ''), 0)
    const b = await agent('b', address, { artifacts })
    const taken = await b.trainer.started.until(({ work }) => work.specification.encoding === begun.work.specification.encoding)
    expect(taken.epoch).toBe(1)
  })

  test('a checkpoint that no training can go on from is not used again', async () => {
    const artifacts = new FolderArtifacts(temporaryFolder())
    const { address } = await coordinator({ config: testConfig({ search: { population: 4, candidates: 4 }, jobs: { leaseTime: '1m', attempts: 9 } }) })
    const a = await agent('a', address, { artifacts })
    const begun = await first(a.trainer)
    begun.pass(0.3)
    begun.finish({ kind: 'failed', reason: 'internal', message: 'a bug' })
    const isIt = (each: StartedTraining): boolean => each !== begun && each.work.specification.encoding === begun.work.specification.encoding
    const resumed = await nextOf(a.trainer, isIt)
    expect(resumed.epoch).toBe(1)
    resumed.finish({ kind: 'failed', reason: 'internal', message: 'the checkpoint is damaged' })
    expect((await nextOf(a.trainer, (each) => isIt(each) && each !== resumed)).epoch).toBe(0)
  })
})

/** The next training that satisfies the condition; those in between end with their results. */
async function nextOf(trainer: ScriptedTrainer, condition: (each: StartedTraining) => boolean): Promise<StartedTraining> {
  return trainer.started.until((each) => {
    const isIt = condition(each)
    if (!isIt) each.finish(outcomeFor(each.work.specification.encoding))
    return isIt
  })
}
