import { Client, Metadata, Server, credentials, status, type ChannelCredentials, type MethodDefinition, type ServiceError } from '@grpc/grpc-js'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Identity } from '../../shared/security/role.js'
import { clientSecurity, serverSecurity, type ClientSecurity } from '../../shared/security/credentials.js'
import { peerIdentity } from '../../shared/security/peer.js'
import { ControlServiceService } from '../../shared/rpc/gen/nasoa/v1/control.js'
import { WorkerServiceService } from '../../shared/rpc/gen/nasoa/v1/worker.js'
import { dayMs, TestCluster } from './cluster.js'

/** A server with some methods of the product, each noting who called, and answering the request. */
let cluster: TestCluster
let server: Server
let port: number
const called: { readonly method: string; readonly identity: Identity | null }[] = []
const clients: Client[] = []

beforeAll(async () => {
  cluster = await TestCluster.create()
  const { credentials: serverCredentials, interceptors } = serverSecurity(await cluster.material('coordinator', 'coordinator'))
  server = new Server({ interceptors })
  for (const [method, path] of Object.entries(paths)) server.addService({ [method]: rawMethod(path) }, { [method]: answerTo(path) })
  port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', serverCredentials, (error, bound) => (error ? reject(error) : resolve(bound)))
  })
})
afterAll(() => server.forceShutdown())
afterEach(() => {
  called.length = 0
  for (const client of clients.splice(0)) client.close()
})

const asItIs = (bytes: Buffer): Buffer => bytes

/** What is in the messages does not matter here. */
function rawMethod(path: string): MethodDefinition<Buffer, Buffer> {
  const codec = { requestSerialize: asItIs, requestDeserialize: asItIs, responseSerialize: asItIs, responseDeserialize: asItIs }
  return { path, requestStream: false, responseStream: false, ...codec }
}

function answerTo(method: string) {
  return (call: Parameters<typeof peerIdentity>[0] & { readonly request: Buffer }, answer: (error: null, response: Buffer) => void): void => {
    called.push({ method, identity: peerIdentity(call) })
    answer(null, call.request)
  }
}

type Method = 'GetSearch' | 'StopSearch' | 'Register'

const paths: Record<Method, string> = {
  GetSearch: ControlServiceService.getSearch.path,
  StopSearch: ControlServiceService.stopSearch.path,
  Register: WorkerServiceService.register.path,
}

function client({ credentials: own, options }: { credentials: ChannelCredentials; options: ClientSecurity['options'] }, host = '127.0.0.1'): Client {
  const made = new Client(`${host}:${port}`, own, { ...options, 'grpc.use_local_subchannel_pool': 1 })
  clients.push(made)
  return made
}

/** null = answered. */
function call(from: Client, method: Method): Promise<ServiceError | null> {
  return new Promise((resolve) => {
    const deadline = Date.now() + 5_000
    from.makeUnaryRequest(paths[method], asItIs, asItIs, Buffer.from('x'), new Metadata(), { deadline }, (error) => resolve(error))
  })
}

async function expectRefusedConnection(from: Client): Promise<ServiceError> {
  const error = await call(from, 'GetSearch')
  expect(error?.code).toBe(status.UNAVAILABLE)
  expect(called).toEqual([])
  return error as ServiceError
}

describe('who gets in', () => {
  it.each([
    ['viewer', 'GetSearch'],
    ['operator', 'StopSearch'],
    ['worker', 'Register'],
  ] as const)('a %s of the authority calls %s, and is known by name', async (role, method) => {
    const from = client(clientSecurity(await cluster.material(role, 'someone')))
    expect(await call(from, method)).toBeNull()
    expect(called).toEqual([{ method: paths[method], identity: { role, name: 'someone' } }])
  })

  it('nobody without TLS', async () => {
    await expectRefusedConnection(client(clientSecurity(null)))
  })

  it('nobody without a certificate', async () => {
    const { ca } = await cluster.material('viewer', 'v')
    const { options } = clientSecurity(await cluster.material('viewer', 'v'))
    await expectRefusedConnection(client({ credentials: credentials.createSsl(ca), options }))
  })

  it("nobody with a foreign authority's certificate, even for the same name and role", async () => {
    const foreign = await TestCluster.create()
    const material = await foreign.material('operator', 'ada', { ca: cluster.authority })
    await expectRefusedConnection(client(clientSecurity(material)))
  })

  it('nobody whose certificate has expired', async () => {
    const material = await cluster.material('operator', 'ada', { days: 1, issuedAtMs: Date.now() - 2 * dayMs })
    await expectRefusedConnection(client(clientSecurity(material)))
  })

  it('nobody whose certificate is not yet valid', async () => {
    const material = await cluster.material('operator', 'ada', { issuedAtMs: Date.now() + 2 * dayMs })
    await expectRefusedConnection(client(clientSecurity(material)))
  })

  it("nobody with a coordinator's certificate, which is for servers only", async () => {
    await expectRefusedConnection(client(clientSecurity(await cluster.material('coordinator', 'other'))))
  })
})

describe('what a role may do', () => {
  it.each([
    ['viewer', 'StopSearch', 'operator'],
    ['worker', 'StopSearch', 'operator'],
    ['worker', 'GetSearch', 'viewer or operator'],
    ['viewer', 'Register', 'worker'],
    ['operator', 'Register', 'worker'],
  ] as const)('a %s is refused %s, and told which role it needs', async (role, method, needed) => {
    const error = await call(client(clientSecurity(await cluster.material(role, 'someone'))), method)
    expect(error?.code).toBe(status.PERMISSION_DENIED)
    expect(error?.details).toBe(`someone has the role ${role}; ${paths[method]} needs the role ${needed}`)
    expect(called).toEqual([])
  })
})

describe('whom a client trusts', () => {
  it('the coordinator at any address, by its common name', async () => {
    const security = clientSecurity(await cluster.material('viewer', 'v'))
    expect(await call(client(security, '127.0.0.1'), 'GetSearch')).toBeNull()
    expect(await call(client(security, 'localhost'), 'GetSearch')).toBeNull()
  })

  it('or by the host it connects to, where that is asked for', async () => {
    const security = clientSecurity(await cluster.material('viewer', 'v'), null)
    expect(await call(client(security, 'localhost'), 'GetSearch')).toBeNull()
  })

  it('no coordinator of another authority', async () => {
    const foreign = await TestCluster.create()
    const own = await cluster.material('viewer', 'v')
    const error = await expectRefusedConnection(client(clientSecurity({ ...own, ca: Buffer.from(foreign.authority.certificate) })))
    expect(error.details).toMatch(/self[- ]signed certificate|unable to verify/)
  })

  it('no worker that poses as the coordinator', async () => {
    const posing = serverSecurity(await cluster.material('worker', 'nasoa-coordinator'))
    const impostor = new Server()
    const at = await new Promise<number>((resolve, reject) => {
      impostor.bindAsync('127.0.0.1:0', posing.credentials, (error, bound) => (error ? reject(error) : resolve(bound)))
    })
    const { credentials: own, options } = clientSecurity(await cluster.material('viewer', 'v'))
    const victim = new Client(`127.0.0.1:${at}`, own, { ...options, 'grpc.use_local_subchannel_pool': 1 })
    clients.push(victim)
    const error = await call(victim, 'GetSearch')
    expect(error?.code).toBe(status.UNAVAILABLE)
    expect(error?.details).toMatch(/unsuitable certificate purpose|does not match certificate/)
    impostor.forceShutdown()
  })
})

describe('what is thrown at the port', () => {
  it.each([
    ['random bytes', Buffer.from(Array.from({ length: 4_000 }, (_, i) => (i * 7919) % 251))],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
  ])('%s leave it serving', async (_name, bytes) => {
    await new Promise<void>((resolve) => {
      const socket = connectTcp(port, '127.0.0.1', () => socket.write(bytes))
      socket.on('error', () => undefined)
      socket.on('close', () => resolve())
      socket.resume()
    })
    expect(await call(client(clientSecurity(await cluster.material('viewer', 'v'))), 'GetSearch')).toBeNull()
  })

  it('TLS older than 1.2 is refused', async () => {
    const { ca, certificate, key } = await cluster.material('viewer', 'v')
    const outcome = await new Promise<string>((resolve) => {
      const socket = connectTls({ port, host: '127.0.0.1', ca, cert: certificate, key, servername: 'nasoa-coordinator', minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }, () => resolve('connected'))
      socket.on('error', () => resolve('refused'))
    })
    expect(outcome).toBe('refused')
  })
})
