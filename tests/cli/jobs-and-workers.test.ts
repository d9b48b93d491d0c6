import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ControlClient } from '../../shared/rpc/control-client.js'
import { closing, coordinator, temporaryFolder, testConfig, worker } from '../cluster/test-search.js'
import { runProgram, Program } from '../support/program.js'

const json = async (...words: string[]): Promise<Record<string, unknown>> => {
  const { code, stdout, stderr } = await runProgram(...words, '--json')
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as Record<string, unknown>
}

describe('nasoa jobs and nasoa workers', () => {
  test('tell what failed and why, from the folder and from the coordinator; workers leave service and come back', { timeout: 120_000 }, async () => {
    const directory = temporaryFolder()
    const { address } = await coordinator({ directory, config: testConfig({ jobs: { leaseTime: '1m', attempts: 9 } }) })
    const a = await worker(address, 'a', 2)
    await a.complete(await a.job())
    const [first, running] = [await a.job(0), await a.job(1)]
    await a.complete(first, { kind: 'failed', reason: 'disk', message: 'no space left' })
    const failed = await json('jobs', directory, '--failed')
    expect(failed).toMatchObject({ failures: [{ reason: 'disk', attempts: 1, jobs: 1, workers: 1, givenUp: 0, latestMessage: 'no space left' }] })
    expect(failed.jobs).toMatchObject([{ id: first.jobId, state: 'queued', reason: 'to be retried: no space left', attempt: 1 }])
    const all = await json('jobs', '--coordinator', address)
    expect(all).toEqual(await json('jobs', directory))
    expect(all.counts).toMatchObject({ leased: 1, done: 1 })
    expect((all.jobs as { id: number }[]).find(({ id }) => id === running.jobId)).toMatchObject({ state: 'leased', workerId: 'a' })
    expect((await runProgram('jobs', directory, '--failed')).stdout).toContain('disk: 1 attempts of 1 jobs on 1 workers, 0 given up; latest: no space left')
    expect(await json('workers', 'cordon', 'a', '--reason', 'to be moved', '--coordinator', address)).toEqual({ workerId: 'a', cordoned: true })
    expect(await json('workers', '--coordinator', address)).toMatchObject({ workers: [{ name: 'a', cordoned: 'to be moved' }] })
    expect((await runProgram('workers', 'uncordon', '--coordinator', address)).code).toBe(2)
    expect((await runProgram('jobs')).code).toBe(2)
  })
})

describe('nasoa worker --gpus', () => {
  const path = process.env.PATH
  beforeEach(() => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'bin'))
    writeFileSync(join(folder, 'bin', 'nvidia-smi'), '#!/bin/sh\nprintf "0, GPU-a, NVIDIA H100, 81559, 550.54.15, 9.0\\n1, GPU-b, NVIDIA H100, 81559, 550.54.15, 9.0\\n"\n')
    chmodSync(join(folder, 'bin', 'nvidia-smi'), 0o755)
    process.env.PATH = `${join(folder, 'bin')}${delimiter}${path}`
  })
  afterEach(() => {
    process.env.PATH = path
  })

  test('has a slot for each GPU, its class and its labels', { timeout: 120_000 }, async () => {
    const { address } = await coordinator()
    const words = ['--coordinator', address, '--name', 'host', '--work', join(temporaryFolder(), 'work'), '--gpus', 'all', '--labels', 'zone=a,spot=yes', '--drain-grace', '0s']
    const program = new Program(['worker', ...words])
    await program.sees(/working for the search/)
    const control = closing(new ControlClient({ target: address }))
    expect(await control.listWorkers()).toMatchObject([{ name: 'host', slots: 2, deviceClass: 'NVIDIA H100', labels: { zone: 'a', spot: 'yes' } }])
    program.kill('SIGTERM')
    expect((await program.end()).code).toBe(0)
    expect((await runProgram('worker', '--coordinator', address, '--gpus', 'all', '--slots', '2')).code).toBe(2)
    expect((await runProgram('worker', '--coordinator', address, '--labels', 'nothing')).code).toBe(2)
    expect((await runProgram('worker', '--coordinator', address, '--drain-grace', 'soon')).code).toBe(2)
  })
})
