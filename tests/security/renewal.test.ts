import { X509Certificate, createPrivateKey as parsePrivateKey } from 'node:crypto'
import { credentials } from '@grpc/grpc-js'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import type { RunningCoordinator } from '../../coordinator/coordinator.js'
import { auditFileName } from '../../coordinator/services/audit-log.js'
import { systemClock } from '../../shared/clock.js'
import { ControlClient } from '../../shared/rpc/control-client.js'
import { PermissionDeniedError } from '../../shared/rpc/errors.js'
import { callRenew } from '../../shared/rpc/renewal-client.js'
import { retry } from '../../shared/rpc/retry.js'
import { AuthorityFolder } from '../../shared/security/authority-folder.js'
import { createPrivateKey } from '../../shared/security/certificate-authority.js'
import { renewalTimes } from '../../shared/security/certificate-renewal.js'
import { clientSecurity, followingSecurity } from '../../shared/security/credentials.js'
import { coordinatorServerName, type Role } from '../../shared/security/role.js'
import { filesBeside, loadTlsMaterial, type TlsFiles } from '../../shared/security/tls-material.js'
import { WatchedTls } from '../../shared/security/watched-tls.js'
import { closing, coordinator, temporaryFolder, testConfig } from '../cluster/test-search.js'
import { FaultProxy } from '../support/fault-proxy.js'
import { killAll, nasoa } from '../support/processes.js'
import { runProgram } from '../support/program.js'

afterEach(killAll)

const secondsPerDay = 24 * 3600

class Cluster {
  private constructor(
    readonly authority: AuthorityFolder,
    readonly directory: string,
    readonly tls: WatchedTls,
    readonly running: RunningCoordinator,
  ) {}

  static async open(config = testConfig()): Promise<Cluster> {
    const authority = new AuthorityFolder(join(temporaryFolder(), 'certs'))
    await authority.create('test', 30, Date.now(), false)
    await authority.issue({ role: 'coordinator', name: 'coordinator', hosts: [], days: 10 }, authority.folder, Date.now(), false)
    const files = filesBeside(join(authority.folder, 'coordinator.crt'))
    const tls = closing(new WatchedTls({ files, purpose: 'server', clock: systemClock, report: () => undefined }))
    const directory = temporaryFolder()
    const running = await coordinator({ config, directory, watchedTls: tls, revocationList: files.revocationList, authority, metrics: '127.0.0.1:0' })
    return new Cluster(authority, directory, tls, running)
  }

  async issue(role: Role, name: string, days = 5): Promise<TlsFiles> {
    const { certificate } = await this.authority.issue({ role, name, days, hosts: [] }, join(this.authority.folder, name), Date.now(), false)
    return filesBeside(certificate)
  }

  renew(files: TlsFiles, key = readFileSync(files.key, 'utf8')): Promise<string> {
    return callRenew({ target: this.running.address, security: clientSecurity(loadTlsMaterial(files, 'client', Date.now())) }, key)
  }
}

describe('a certificate is renewed', () => {
  test('for the same name, role and key, for as long as it was valid, and that is audited', async () => {
    const cluster = await Cluster.open()
    const files = await cluster.issue('worker', 'gpu-1')
    const [before, after] = [new X509Certificate(readFileSync(files.certificate)), new X509Certificate(await cluster.renew(files))]
    expect([after.subject, after.checkPrivateKey(parsePrivateKey(readFileSync(files.key)))]).toEqual(['OU=worker\nCN=gpu-1', true])
    expect(after.serialNumber).not.toBe(before.serialNumber)
    const days = (certificate: X509Certificate): number => (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / 1000 / secondsPerDay
    expect(days(after)).toBeCloseTo(days(before), 3)
    // Also once more: what is counted is the validity that it was issued with.
    expect(days(new X509Certificate(await cluster.renew(files)))).toBeCloseTo(days(before), 3)
    await cluster.running.close()
    expect(readFileSync(join(cluster.directory, auditFileName), 'utf8')).toMatch(/"action":"Renew","by":"gpu-1".*"result":"ok"/)
  })

  test('for nobody else: not another key, not a person, not who was revoked', async () => {
    const cluster = await Cluster.open()
    const worker = await cluster.issue('worker', 'gpu-1')
    await expect(cluster.renew(worker, await createPrivateKey())).rejects.toThrow(/no certificate of gpu-1 with this key is in force/)
    await expect(cluster.renew(await cluster.issue('operator', 'ada'))).rejects.toThrow(PermissionDeniedError)
    const { ca } = worker
    await expect(callRenew({ target: cluster.running.address, security: { credentials: credentials.createSsl(readFileSync(ca)), options: clientSecurity(cluster.tls.current).options } }, await createPrivateKey())).rejects.toThrow(/calls with a certificate only/)
    await cluster.authority.revoke({ name: 'gpu-1' }, Date.now())
    await expect(cluster.renew(worker)).rejects.toThrow(/gpu-1/)
    await cluster.running.close()
    expect(readFileSync(join(cluster.directory, auditFileName), 'utf8')).toMatch(/"action":"Renew","by":"gpu-1".*with this key/)
  })

  test('for no longer than the authority is valid', async () => {
    const cluster = await Cluster.open()
    const after = new X509Certificate(await cluster.renew(await cluster.issue('worker', 'gpu-1', 29.9)))
    expect(Date.parse(after.validTo)).toBeLessThanOrEqual(Date.parse(new X509Certificate(cluster.authority.certificateText()).validTo))
  })

  test('when two thirds of its life are over', async () => {
    const cluster = await Cluster.open()
    const certificate = new X509Certificate(readFileSync((await cluster.issue('worker', 'gpu-1', 3)).certificate))
    const { dueMs, expiresAtMs } = renewalTimes(certificate)
    expect((expiresAtMs - dueMs) / 1000 / secondsPerDay).toBeCloseTo(1, 3)
  })
})

test('`nasoa worker --join` outlives its certificates: it renews them and comes back with the new ones', { timeout: 60_000 }, async () => {
  // It is given no jobs, and waits for them.
  const cluster = await Cluster.open(testConfig({ jobs: { leaseTime: '1m', requires: { kind: 'none' } } }))
  const [host, port] = cluster.running.address.split(':')
  const proxy = closing(await FaultProxy.open({ host, port: Number(port) }))
  const folder = temporaryFolder()
  const seconds = 9
  const made = await runProgram('certs', 'token', 'create', '--authority', cluster.authority.folder, '--days', String(seconds / secondsPerDay))
  writeFileSync(join(folder, 'token'), made.stdout)
  const worker = nasoa('worker', '--coordinator', proxy.address, '--join', `@${join(folder, 'token')}`, '--name', 'gpu-7', '--work', join(folder, 'work'), '--json')
  await worker.log(({ msg }) => msg === 'registered')
  const expiresAtMs = Date.parse(new X509Certificate(readFileSync(join(folder, 'work/tls/worker.crt'))).validTo)
  do await worker.log(({ msg }) => msg === 'the certificate is renewed')
  while (Date.now() <= expiresAtMs)
  // Whoever connects now with the first one is refused; the worker is not.
  proxy.cut()
  await worker.log(({ msg }) => msg === 'the coordinator is back')
})

describe('that a certificate will expire', () => {
  test('is told by `nasoa doctor`, `nasoa certs list` and the metrics', { timeout: 60_000 }, async () => {
    const cluster = await Cluster.open()
    const [soon, late] = [await cluster.issue('worker', 'gpu-1', 5), await cluster.issue('worker', 'gpu-2', 29)]
    const doctor = async (file: string): Promise<unknown[]> => {
      const { stdout } = await runProgram('doctor', '--tls', file, '--json')
      const { checks } = JSON.parse(stdout) as { checks: { name: string }[] }
      return checks.filter(({ name }) => name === 'certificate' || name === 'authority')
    }
    expect(await doctor(soon.certificate)).toMatchObject([
      { name: 'certificate', ok: true, value: expect.stringMatching(/worker gpu-1, until .* \(5 days left\)/) as string, advice: expect.stringMatching(/certs issue/) as string },
      { name: 'authority', ok: true, value: expect.stringMatching(/\(30 days left\)/) as string },
    ])
    writeFileSync(late.ca, readFileSync((await Cluster.open()).tls.files.ca))
    expect(await doctor(late.certificate)).toMatchObject([{ ok: false, advice: expect.stringMatching(/another authority/) as string }, { ok: true }])
    const { stdout } = await runProgram('certs', 'list', '--authority', cluster.authority.folder, '--json')
    expect(JSON.parse(stdout)).toMatchObject({ certificates: [{ daysLeft: 9 }, { daysLeft: 4 }, { daysLeft: 28 }] })
    const metrics = await (await fetch(`http://${cluster.running.metricsAddress ?? ''}/metrics`)).text()
    const expiry = (holder: string): number => Number(new RegExp(`nasoa_certificate_expiry_timestamp_seconds\\{holder="${holder}"\\} (\\d+)`).exec(metrics)?.[1])
    expect([expiry('coordinator'), expiry('authority')]).toEqual([cluster.tls.current.certificate, cluster.tls.current.ca].map((pem) => Date.parse(new X509Certificate(pem).validTo) / 1000))
  })
})

describe('files that are replaced while a process runs', () => {
  test('are shown by a coordinator to whoever connects then', async () => {
    const cluster = await Cluster.open()
    const before = await serialShownBy(cluster.running.address)
    await cluster.authority.issue({ role: 'coordinator', name: 'coordinator', hosts: [], days: 10 }, cluster.authority.folder, Date.now(), true)
    cluster.tls.look()
    const after = await serialShownBy(cluster.running.address)
    expect(after).not.toBe(before)
    expect(after).toBe(new X509Certificate(readFileSync(join(cluster.authority.folder, 'coordinator.crt'))).serialNumber)
    const ada = await cluster.issue('viewer', 'ada')
    const client = closing(new ControlClient({ target: cluster.running.address, security: clientSecurity(loadTlsMaterial(ada, 'client', Date.now())) }))
    expect((await client.getSearch()).status).toBe('running')
  })

  test('that do not fit together are not used, which is said once', async () => {
    const cluster = await Cluster.open()
    const [own, other] = [await cluster.issue('worker', 'gpu-1'), await cluster.issue('worker', 'gpu-2')]
    const troubles: string[] = []
    const tls = closing(new WatchedTls({ files: own, purpose: 'client', clock: systemClock, report: (trouble) => troubles.push(trouble) }))
    const before = tls.current
    copyFileSync(other.key, own.key)
    tls.look()
    tls.look()
    expect([tls.current === before, troubles]).toEqual([true, [expect.stringMatching(/is not the key of/)]])
    copyFileSync(other.certificate, own.certificate)
    tls.look()
    expect(tls.current.certificate).toEqual(readFileSync(other.certificate))
  })

  test('are shown by a client with its next connection', async () => {
    const cluster = await Cluster.open()
    const [own, operator] = [await cluster.issue('viewer', 'ada'), await cluster.issue('operator', 'ada-too')]
    const tls = closing(new WatchedTls({ files: own, purpose: 'client', clock: systemClock, report: () => undefined }))
    const [host, port] = cluster.running.address.split(':')
    const proxy = closing(await FaultProxy.open({ host, port: Number(port) }))
    const client = closing(new ControlClient({ target: proxy.address, security: followingSecurity(tls) }))
    await expect(client.stopSearch('finish', 'not allowed')).rejects.toThrow(/ada has the role viewer/)
    copyFileSync(operator.key, own.key)
    copyFileSync(operator.certificate, own.certificate)
    tls.look()
    await expect(client.stopSearch('finish', 'still the same connection')).rejects.toThrow(/ada has the role viewer/)
    proxy.cut()
    await retry(() => client.stopSearch('cancel', 'enough'), { clock: systemClock, random: Math.random })
    expect(cluster.running.snapshot().statusReason).toBe('enough')
  })
})

/** Serial number of the certificate that a server shows. */
function serialShownBy(address: string): Promise<string> {
  const [host, port] = address.split(':')
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), servername: coordinatorServerName, rejectUnauthorized: false, ALPNProtocols: ['h2'] })
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      resolve(socket.getPeerX509Certificate()?.serialNumber ?? '')
      socket.destroy()
    })
  })
}
