import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { X509Certificate, randomBytes } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { auditFileName } from '../../coordinator/services/audit-log.js'
import type { RunningCoordinator } from '../../coordinator/coordinator.js'
import { ControlClient } from '../../shared/rpc/control-client.js'
import { callJoin } from '../../shared/rpc/join-client.js'
import { retry } from '../../shared/rpc/retry.js'
import { systemClock } from '../../shared/clock.js'
import { PermissionDeniedError } from '../../shared/rpc/errors.js'
import { WorkerClient } from '../../shared/rpc/worker-client.js'
import { AuthorityFolder } from '../../shared/security/authority-folder.js'
import { createPrivateKey, createSigningRequest } from '../../shared/security/certificate-authority.js'
import { clientSecurity } from '../../shared/security/credentials.js'
import { CertificateError } from '../../shared/security/errors.js'
import { createJoinToken } from '../../shared/security/join-tokens.js'
import { hasJoined, joinCluster, joinedCertificatePath } from '../../shared/security/join-cluster.js'
import { filesBeside, loadTlsMaterial, type TlsMaterial } from '../../shared/security/tls-material.js'
import { programVersion } from '../../shared/version.js'
import { closing, coordinator, temporaryFolder } from '../cluster/test-search.js'
import { killAll, nasoa } from '../support/processes.js'
import { runProgram } from '../support/program.js'

afterEach(killAll)

const day = 24 * 3600 * 1000

/** A cluster as `nasoa certs` and `nasoa coordinator --authority` make it. */
class JoinableCluster {
  private constructor(
    readonly authority: AuthorityFolder,
    readonly directory: string,
    readonly running: RunningCoordinator,
  ) {}

  static async open(offersJoining = true): Promise<JoinableCluster> {
    const authority = new AuthorityFolder(join(temporaryFolder(), 'certs'))
    await authority.create('test', 30, Date.now(), false)
    await authority.issue({ role: 'coordinator', name: 'coordinator', hosts: [], days: 10 }, authority.folder, Date.now(), false)
    const files = filesBeside(join(authority.folder, 'coordinator.crt'))
    const directory = temporaryFolder()
    const tls = loadTlsMaterial(files, 'server', Date.now())
    const running = await coordinator({ directory, tls, revocationList: files.revocationList, authority: offersJoining ? authority : null })
    return new JoinableCluster(authority, directory, running)
  }

  token(uses = 1): Promise<string> {
    const fingerprint = new X509Certificate(this.authority.certificateText()).fingerprint256.replaceAll(':', '').toLowerCase()
    return this.authority.changeTokens((tokens) => {
      const { tokens: all, text } = createJoinToken(tokens, { lifetimeMs: day, uses, note: '', days: 365 }, fingerprint, Date.now(), randomBytes)
      return { tokens: all, result: text }
    })
  }

  join(token: string, name: string, folder = temporaryFolder()): Promise<void> {
    return joinCluster(this.running.address, { folder, token, name, nowMs: Date.now() })
  }

  worker(material: TlsMaterial): WorkerClient {
    const security = clientSecurity(material)
    return closing(new WorkerClient({ target: this.running.address, security, channelOptions: { 'grpc.use_local_subchannel_pool': 1 } }))
  }
}

function register(client: WorkerClient): Promise<unknown> {
  const worker = { workerId: 'w', name: 'w', version: programVersion(), slots: 1, deviceClass: 'test', threadsPerSlot: 1 }
  return client.register({ worker, held: [], searchId: '' })
}

describe('a machine with a join token', () => {
  test('gets a certificate of its own, once, and works with it', async () => {
    const cluster = await JoinableCluster.open()
    const token = await cluster.token()
    const folder = temporaryFolder()
    await cluster.join(token, 'gpu-1', folder)
    const files = filesBeside(joinedCertificatePath(folder))
    expect((statSync(files.key).mode & 0o777).toString(8)).toBe('600')
    const certificate = new X509Certificate(readFileSync(files.certificate))
    expect(certificate.subject).toBe('OU=worker\nCN=gpu-1')
    expect(hasJoined({ folder, token, name: 'gpu-1', nowMs: Date.now() })).toBe(true)
    expect(hasJoined({ folder, token, name: 'gpu-1', nowMs: Date.now() + 40 * day })).toBe(false)
    await register(cluster.worker(loadTlsMaterial(files, 'client', Date.now())))
    // The answer may have been lost: the same key may ask again, another one may not.
    await cluster.join(token, 'gpu-1', folder)
    await expect(cluster.join(token, 'gpu-2')).rejects.toThrow(/used up: ask for a new one/)
    await cluster.running.close()
    const audit = readFileSync(join(cluster.directory, auditFileName), 'utf8')
    expect(audit).toMatch(/"action":"Join","by":"gpu-1".*"result":"ok"/)
    expect(audit).toMatch(/"action":"Join","by":null.*used up/)
    expect(audit).not.toContain(token.split('.')[2])
  })

  test('cannot take the name of another machine, until that one is revoked', async () => {
    const cluster = await JoinableCluster.open()
    const token = await cluster.token(3)
    await cluster.join(token, 'gpu-1')
    await expect(cluster.join(token, 'gpu-1')).rejects.toThrow(/the name gpu-1 is taken by another machine/)
    await cluster.authority.revoke({ name: 'gpu-1' }, Date.now())
    await cluster.join(token, 'gpu-1')
  })

  test('tells the token to no coordinator of another authority', async () => {
    const [own, other] = [await JoinableCluster.open(), await JoinableCluster.open()]
    const attempt = own.join(await other.token(), 'gpu-1')
    await expect(attempt).rejects.toBeInstanceOf(CertificateError)
    await expect(attempt).rejects.toThrow(/no certificate of the authority that made the join token/)
  })

  test.each([
    ['of a wrong secret', (token: string) => token.replace(/\.[A-Za-z0-9_-]{43}\./, `.${'A'.repeat(43)}.`), /unknown: it is mistyped, or was revoked/],
    ['of an unknown id', (token: string) => token.replace(/^nasoa\.[0-9a-f]{12}/, `nasoa.${'0'.repeat(12)}`), /unknown: it is mistyped, or was revoked/],
  ])('%s is refused', async (_name, change, message) => {
    const cluster = await JoinableCluster.open()
    await expect(cluster.join(change(await cluster.token()), 'gpu-1')).rejects.toThrow(message)
  })

  test('is told where nobody issues certificates', async () => {
    const cluster = await JoinableCluster.open(false)
    await expect(cluster.join(await cluster.token(), 'gpu-1')).rejects.toThrow(/issues no certificates: it must be started with --authority/)
  })

  test('cannot be called what is no name of a file', async () => {
    const cluster = await JoinableCluster.open()
    const token = await cluster.token()
    const signingRequest = await createSigningRequest('gpu', await createPrivateKey())
    const authorityCertificate = cluster.authority.certificateText()
    for (const name of ['../gpu', '', 'a/b', '.hidden', 'x'.repeat(65)]) {
      await expect(callJoin({ target: cluster.running.address, authorityCertificate, token, name, signingRequest })).rejects.toThrow(/name/)
    }
  })
})

describe('a revoked certificate', () => {
  test('is refused, and its open connections end', async () => {
    const cluster = await JoinableCluster.open()
    const request = { role: 'operator', name: 'ada', days: 5, hosts: [] } as const
    const { certificate } = await cluster.authority.issue(request, cluster.authority.folder, Date.now(), false)
    const security = clientSecurity(loadTlsMaterial(filesBeside(certificate), 'client', Date.now()))
    const ada = closing(new ControlClient({ target: cluster.running.address, security }))
    const watching = ada.watchSearch(100)
    await watching.next()
    const revoked = await runProgram('certs', 'revoke', certificate, '--authority', cluster.authority.folder, '--json')
    expect((JSON.parse(revoked.stdout) as { revoked: string[] }).revoked).toHaveLength(1)
    const listed = await runProgram('certs', 'list', '--authority', cluster.authority.folder, '--json')
    expect(JSON.parse(listed.stdout)).toMatchObject({ certificates: [{ name: 'coordinator', state: 'in force' }, { name: 'ada', state: 'revoked' }] })
    // The stream breaks off once the list is read; whoever comes back is told why.
    const untilRefused = async (): Promise<void> => {
      for await (const snapshot of watching) expect(snapshot.status).toBe('running')
    }
    await untilRefused().catch(() => undefined)
    const again = retry(() => ada.stopSearch('cancel', 'too late'), { clock: systemClock, random: Math.random })
    await expect(again).rejects.toThrow(/the certificate of ada was revoked/)
    await expect(again).rejects.toBeInstanceOf(PermissionDeniedError)
    expect(cluster.running.snapshot().status).toBe('running')
  })

  test('a list that somebody else has signed is not taken', async () => {
    const other = await JoinableCluster.open()
    await other.authority.issue({ role: 'viewer', name: 'v', days: 1, hosts: [] }, other.authority.folder, Date.now(), false)
    await other.authority.revoke({ name: 'v' }, Date.now())
    const own = new AuthorityFolder(join(temporaryFolder(), 'certs'))
    await own.create('own', 30, Date.now(), false)
    const { certificate } = await own.issue({ role: 'coordinator', name: 'c', hosts: [], days: 10 }, own.folder, Date.now(), false)
    writeFileSync(join(own.folder, 'ca.crl'), readFileSync(join(other.authority.folder, 'ca.crl')))
    const tls = loadTlsMaterial(filesBeside(certificate), 'server', Date.now())
    await expect(coordinator({ tls, revocationList: join(own.folder, 'ca.crl') })).rejects.toThrow(/no revocation list of this authority/)
  })
})

test('`nasoa worker --join` on a new machine, and again after a restart', { timeout: 60_000 }, async () => {
  const cluster = await JoinableCluster.open()
  const folder = temporaryFolder()
  const tokenFile = join(folder, 'token')
  const made = await runProgram('certs', 'token', 'create', '--authority', cluster.authority.folder)
  writeFileSync(tokenFile, made.stdout)
  const start = () => nasoa('worker', '--coordinator', cluster.running.address, '--join', `@${tokenFile}`, '--name', 'gpu-7', '--work', join(folder, 'work'), '--json')
  for (const expected of [/"msg":"joined"/, /"msg":"registered"/]) {
    const worker = start()
    await worker.log(({ msg }) => msg === 'registered')
    expect(worker.stderr.seen.join('\n')).toMatch(expected)
    await worker.kill()
  }
  expect(existsSync(join(folder, 'work/tls/worker.crt'))).toBe(true)
})
