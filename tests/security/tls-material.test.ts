import { rmSync, writeFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { createPrivateKey, createSigningRequest, issueForSigningRequest } from '../../shared/security/certificate-authority.js'
import { CertificateError } from '../../shared/security/errors.js'
import { inspectCertificate } from '../../shared/security/inspect-certificate.js'
import { filesBeside, loadTlsMaterial } from '../../shared/security/tls-material.js'
import { TestCluster, dayMs, writeMaterial } from './cluster.js'

let cluster: TestCluster
beforeAll(async () => {
  cluster = await TestCluster.create()
})

describe('loading TLS material', () => {
  it('takes what was issued, as a client and as a server', async () => {
    const worker = writeMaterial(await cluster.material('worker', 'gpu-1'))
    expect(loadTlsMaterial(worker, 'client', Date.now()).key.toString()).toContain('PRIVATE KEY')
    const coordinator = writeMaterial(await cluster.material('coordinator', 'c'))
    expect(() => loadTlsMaterial(coordinator, 'server', Date.now())).not.toThrow()
  })

  it('finds the key and the authority beside a certificate', () => {
    expect(filesBeside('/certs/gpu-1.crt')).toMatchObject({ certificate: '/certs/gpu-1.crt', key: '/certs/gpu-1.key', ca: '/certs/ca.crt' })
    expect(filesBeside('/certs/gpu.1.crt', { ca: 'other.crt' })).toMatchObject({ certificate: '/certs/gpu.1.crt', key: '/certs/gpu.1.key', ca: 'other.crt' })
    expect(filesBeside('/certs/gpu-1.crt').revocationList).toBe('/certs/ca.crl')
  })

  it('refuses an expired certificate from the very end of its time', async () => {
    const issuedAtMs = Math.floor(Date.now() / 1000) * 1000
    const files = writeMaterial(await cluster.material('worker', 'w', { days: 2, issuedAtMs }))
    expect(() => loadTlsMaterial(files, 'client', issuedAtMs + 2 * dayMs - 1)).not.toThrow()
    expect(() => loadTlsMaterial(files, 'client', issuedAtMs + 2 * dayMs)).toThrow(/own\.crt expired on .*nasoa certs issue/)
    expect(() => loadTlsMaterial(files, 'client', issuedAtMs - dayMs)).toThrow(/not valid before .*clock/)
  })

  it('refuses a certificate of another authority', async () => {
    const foreign = await TestCluster.create()
    const files = writeMaterial(await foreign.material('worker', 'w', { ca: cluster.authority }))
    expect(() => loadTlsMaterial(files, 'client', Date.now())).toThrow(/own\.crt was not issued by the authority in .*ca\.crt/)
  })

  it("refuses another certificate's key", async () => {
    const own = await cluster.material('worker', 'w')
    const other = await cluster.material('worker', 'w')
    const files = writeMaterial({ ...own, key: other.key })
    expect(() => loadTlsMaterial(files, 'client', Date.now())).toThrow(/own\.key is not the key of .*own\.crt/)
  })

  it("refuses a worker's certificate for a server, and a coordinator's for a client", async () => {
    const worker = writeMaterial(await cluster.material('worker', 'w'))
    expect(() => loadTlsMaterial(worker, 'server', Date.now())).toThrow(/not for a server: .*--role coordinator/)
    const coordinator = writeMaterial(await cluster.material('coordinator', 'c'))
    expect(() => loadTlsMaterial(coordinator, 'client', Date.now())).toThrow(/not for a client/)
  })

  it.each(['ca', 'certificate', 'key'] as const)('names the file when its %s is missing, empty or damaged', async (part) => {
    const files = writeMaterial(await cluster.material('worker', 'w'))
    writeFileSync(files[part], '')
    expect(() => loadTlsMaterial(files, 'client', Date.now())).toThrow(files[part])
    writeFileSync(files[part], '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
    expect(() => loadTlsMaterial(files, 'client', Date.now())).toThrow(CertificateError)
    rmSync(files[part])
    expect(() => loadTlsMaterial(files, 'client', Date.now())).toThrow(`cannot read ${files[part]}`)
  })
})

describe('signing requests', () => {
  it('get a certificate for their own key, with the subject that the authority decides', async () => {
    const key = await createPrivateKey()
    const request = await createSigningRequest('whatever', key)
    const certificate = await issueForSigningRequest(cluster.authority, request, { role: 'worker', name: 'gpu-1', days: 1, hosts: [] }, Date.now())
    const files = writeMaterial({ ca: Buffer.from(cluster.authority.certificate), certificate: Buffer.from(certificate), key: Buffer.from(key) })
    expect(() => loadTlsMaterial(files, 'client', Date.now())).not.toThrow()
    expect(inspectCertificate(certificate, 'x', cluster.authority.certificate, Date.now())).toMatchObject({ name: 'gpu-1', role: 'worker', problems: [] })
  })

  it('are refused where they are none, or signed with another key', async () => {
    const request = { role: 'worker', name: 'w', days: 1, hosts: [] } as const
    await expect(issueForSigningRequest(cluster.authority, 'hello', request, Date.now())).rejects.toThrow(/not a certificate signing request/)
    const pem = await createSigningRequest('w', await createPrivateKey())
    const der = Buffer.from(pem.replace(/-----.*-----|\s/g, ''), 'base64')
    der[der.length - 1] ^= 1
    const tampered = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----`
    await expect(issueForSigningRequest(cluster.authority, tampered, request, Date.now())).rejects.toThrow(/not signed with its own key|not a certificate signing request/)
  })
})
