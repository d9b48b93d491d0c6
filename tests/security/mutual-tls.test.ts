import { credentials, status, type ServiceError } from '@grpc/grpc-js'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { beforeAll, describe, expect, test } from 'vitest'
import { auditFileName } from '../../coordinator/services/audit-log.js'
import type { RunningCoordinator } from '../../coordinator/coordinator.js'
import { parseAddress } from '../../shared/address.js'
import type { Endpoint } from '../../shared/rpc/channel-options.js'
import { ControlClient } from '../../shared/rpc/control-client.js'
import { PermissionDeniedError } from '../../shared/rpc/errors.js'
import { WorkerClient } from '../../shared/rpc/worker-client.js'
import { CertificateError } from '../../shared/security/errors.js'
import { clientSecurity, type ClientSecurity } from '../../shared/security/credentials.js'
import type { Role } from '../../shared/security/role.js'
import { programVersion } from '../../shared/version.js'
import { closing, coordinator, temporaryFolder } from '../cluster/test-search.js'
import { dayMs, TestCluster } from './cluster.js'

let cluster: TestCluster

beforeAll(async () => {
  cluster = await TestCluster.create()
})

async function secured(): Promise<RunningCoordinator & { readonly directory: string }> {
  const directory = temporaryFolder()
  const running = await coordinator({ directory, tls: await cluster.material('coordinator', 'coordinator') })
  return Object.assign(running, { directory })
}

/** A subchannel of its own, so that no earlier handshake stands in for this one. */
function endpoint(target: string, security: ClientSecurity): Endpoint {
  return { target, security, channelOptions: { 'grpc.use_local_subchannel_pool': 1 } }
}

async function control(target: string, role: Role, changes: Parameters<TestCluster['material']>[2] = {}): Promise<ControlClient> {
  return closing(new ControlClient(endpoint(target, clientSecurity(await cluster.material(role, 'ada', changes)))))
}

function register(client: WorkerClient, workerId = 'w'): Promise<unknown> {
  const worker = { workerId, name: 'w', version: programVersion(), slots: 1, deviceClass: 'test', threadsPerSlot: 1 }
  return client.register({ worker, held: [], searchId: '' })
}

async function refusal(attempt: Promise<unknown>): Promise<string> {
  const error: unknown = await attempt.then(() => null, (reason: unknown) => reason)
  expect(error).toBeInstanceOf(PermissionDeniedError)
  return (error as Error).message
}

describe('who gets in', () => {
  test('a viewer sees, an operator steers, a worker registers, each known by name', async () => {
    const running = await secured()
    const { address, directory } = running
    expect((await (await control(address, 'viewer')).getSearch()).status).toBe('running')
    const material = await cluster.material('worker', 'gpu-1')
    await register(closing(new WorkerClient(endpoint(address, clientSecurity(material)))))
    await (await control(address, 'operator')).stopSearch('cancel', 'enough')
    await running.close()
    const lines = readFileSync(join(directory, auditFileName), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines).toMatchObject([
      { action: 'Register', by: 'gpu-1', worker: 'gpu-1:w', slots: 1, result: 'ok' },
      { action: 'StopSearch', by: 'ada', mode: 'cancel', reason: 'enough', result: 'ok' },
    ])
  })

  test('nobody without TLS, and it is said what to do', async () => {
    const { address } = await secured()
    const client = closing(new ControlClient(endpoint(address, clientSecurity(null))))
    expect(await refusal(client.getSearch())).toMatch(/takes calls over TLS only: give your certificate with --tls/)
  })

  test('nobody without a certificate', async () => {
    const { address } = await secured()
    const { ca } = await cluster.material('viewer', 'v')
    const { options } = clientSecurity(await cluster.material('viewer', 'v'))
    const client = closing(new ControlClient(endpoint(address, { credentials: credentials.createSsl(ca), options })))
    expect(await refusal(client.getSearch())).toMatch(/takes calls with a certificate only: give yours with --tls/)
  })

  test("nobody with a foreign authority's certificate, even for the same name and role", async () => {
    const { address } = await secured()
    const foreign = await TestCluster.create()
    const security = clientSecurity(await foreign.material('operator', 'ada', { ca: cluster.authority }))
    const client = closing(new ControlClient(endpoint(address, security)))
    expect(await refusal(client.stopSearch('cancel', ''))).toMatch(/the certificate of ada was not issued by this coordinator's authority/)
  })

  test('nobody whose certificate has expired, or is not valid yet', async () => {
    const { address, snapshot } = await secured()
    const old = await control(address, 'operator', { days: 1, issuedAtMs: Date.now() - 2 * dayMs })
    expect(await refusal(old.stopSearch('cancel', ''))).toMatch(/the certificate of ada expired on 20\d\d-.*issue a new one/)
    const early = await control(address, 'operator', { issuedAtMs: Date.now() + 2 * dayMs })
    expect(await refusal(early.stopSearch('cancel', ''))).toMatch(/is not valid before/)
    expect(snapshot().status).toBe('running')
  })

  test("nobody with a coordinator's certificate, which is for servers only", async () => {
    const { address } = await secured()
    expect(await refusal((await control(address, 'coordinator')).getSearch())).toMatch(/is not for clients/)
  })

  test('a stream is refused with the same words', async () => {
    const { address } = await secured()
    const client = closing(new ControlClient(endpoint(address, clientSecurity(null))))
    expect(await refusal(client.watchSearch().next())).toMatch(/over TLS only/)
  })
})

describe('what a role may do', () => {
  test.each([
    ['viewer', 'operator'],
    ['worker', 'operator'],
  ] as const)("a %s is refused an operator's call, and told which role it needs; that is in the audit log", async (role, needed) => {
    const running = await secured()
    const { address, snapshot, directory } = running
    const message = await refusal((await control(address, role)).stopSearch('cancel', ''))
    expect(message).toBe(`ada has the role ${role}; /nasoa.v1.ControlService/StopSearch needs the role ${needed}`)
    expect(snapshot().status).toBe('running')
    await running.close()
    expect(JSON.parse(readFileSync(join(directory, auditFileName), 'utf8'))).toMatchObject({ by: 'ada', result: message })
  })

  test.each(['viewer', 'operator'] as const)("a %s is refused a worker's call", async (role) => {
    const { address } = await secured()
    const client = closing(new WorkerClient(endpoint(address, clientSecurity(await cluster.material(role, 'ada')))))
    expect(await refusal(register(client))).toBe(`ada has the role ${role}; /nasoa.v1.WorkerService/Register needs the role worker`)
  })

  test("a worker that learned another one's session can do nothing with it", async () => {
    const { address } = await secured()
    const [own, other] = await Promise.all(['gpu-1', 'gpu-2'].map(async (name) => closing(new WorkerClient(endpoint(address, clientSecurity(await cluster.material('worker', name)))))))
    const session = (await register(own)) as { sessionId: string }
    await expect(other.leaseJob(session.sessionId, 0, 0)).rejects.toThrow(/not registered/)
    await other.deregister(session.sessionId, 'stolen')
    // A job may still be on its way from the search.
    expect((await own.leaseJob(session.sessionId, 0, 20_000)).lease).not.toBeNull()
  })
})

describe('whom a client trusts', () => {
  test('the coordinator at any address, by its common name', async () => {
    const { address } = await secured()
    const { port } = parseAddress(address, 'address')
    for (const host of ['127.0.0.1', 'localhost']) expect((await (await control(`${host}:${port}`, 'viewer')).getSearch()).name).toBe('test')
  })

  test('no coordinator of another authority', async () => {
    const { address } = await secured()
    const foreign = await TestCluster.create()
    const security = clientSecurity(await foreign.material('viewer', 'v'))
    const attempt = closing(new ControlClient(endpoint(address, security))).getSearch()
    await expect(attempt).rejects.toThrow(/another authority than the one in ca\.crt beside yours/)
    await expect(attempt).rejects.toBeInstanceOf(CertificateError)
  })

  test('no worker that poses as the coordinator', async () => {
    const { ca, certificate, key } = await cluster.material('worker', 'nasoa-coordinator')
    const impostor = createTlsServer({ ca, cert: certificate, key, ALPNProtocols: ['h2'] })
    closing({ close: () => void impostor.close() })
    await new Promise<void>((resolve) => impostor.listen(0, '127.0.0.1', resolve))
    const { port } = impostor.address() as AddressInfo
    await expect((await control(`127.0.0.1:${port}`, 'viewer')).getSearch()).rejects.toThrow(/no coordinator's: is the address right/)
  })

  test('no coordinator without TLS', async () => {
    const { address } = await coordinator()
    await expect((await control(address, 'viewer')).getSearch()).rejects.toThrow(/speaks no TLS: leave out --tls/)
  })
})

test('TLS older than 1.2 is refused', async () => {
  const { address } = await secured()
  const { ca, certificate, key } = await cluster.material('viewer', 'v')
  const { host, port } = parseAddress(address, 'address')
  const outcome = await new Promise<string>((resolve) => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } as const
    const socket = connectTls({ host, port, ca, cert: certificate, key, servername: 'nasoa-coordinator', ...old }, () => resolve('connected'))
    socket.on('error', () => resolve('refused'))
  })
  expect(outcome).toBe('refused')
})

test('errors of the port keep their status on the wire', async () => {
  const { address } = await secured()
  const error = await (await control(address, 'viewer')).stopSearch('cancel', '').catch((reason: unknown) => reason)
  expect(((error as Error).cause as ServiceError).code).toBe(status.PERMISSION_DENIED)
})
