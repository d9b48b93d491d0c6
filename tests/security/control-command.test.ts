import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { coordinator, temporaryFolder } from '../cluster/test-search.js'
import { runProgram } from '../support/program.js'
import { TestCluster, writeMaterial } from './cluster.js'

test('`nasoa search status` and `stop`: a viewer sees and may not stop, an operator stops, nobody else gets in', { timeout: 120_000 }, async () => {
  const cluster = await TestCluster.create()
  const running = await coordinator({ tls: await cluster.material('coordinator', 'coordinator') })
  const discovery = join(temporaryFolder(), 'discovery.yaml')
  writeFileSync(discovery, JSON.stringify({ kind: 'static', addresses: [running.address] }))
  const viewer = ['--coordinator', running.address, '--tls', writeMaterial(await cluster.material('viewer', 'eve')).certificate]
  const operator = ['--discovery', discovery, '--tls', writeMaterial(await cluster.material('operator', 'ada')).certificate]

  const seen = await runProgram('search', 'status', ...viewer, '--json')
  expect(JSON.parse(seen.stdout)).toMatchObject({ name: 'test', status: 'running', workerList: [] })
  expect(await runProgram('search', 'stop', ...viewer)).toMatchObject({ code: 1, stderr: 'nasoa: eve has the role viewer; /nasoa.v1.ControlService/StopSearch needs the role operator\n' })
  const stranger = await runProgram('search', 'status', '--coordinator', running.address)
  expect(stranger).toMatchObject({ code: 1, stderr: expect.stringMatching(/takes calls over TLS only: give your certificate with --tls/) as string })
  expect(running.snapshot().status).toBe('running')
  expect((await runProgram('search', 'stop', ...operator, '--cancel', '--reason', 'enough')).stdout).toMatch(/^test is stopped \(enough\)/)
  expect((await running.finished).status).toBe('stopped')
})
