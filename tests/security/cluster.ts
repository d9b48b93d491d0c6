import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority, issueCertificate, type KeyPairPem } from '../../shared/security/certificate-authority.js'
import type { Role } from '../../shared/security/role.js'
import type { TlsFiles, TlsMaterial } from '../../shared/security/tls-material.js'

export const dayMs = 24 * 3600 * 1000

/** An authority and what it issues, for tests. */
export class TestCluster {
  private constructor(readonly authority: KeyPairPem) {}

  static async create(): Promise<TestCluster> {
    return new TestCluster(await createAuthority('test-authority', 3_000, Date.now() - 1_000 * dayMs))
  }

  /** Not through loadTlsMaterial, which would refuse what some tests need. */
  async material(role: Role, name: string, { days = 30, issuedAtMs = Date.now(), ca = this.authority } = {}): Promise<TlsMaterial> {
    const issued = await issueCertificate(this.authority, { role, name, days, hosts: [] }, issuedAtMs)
    return { ca: Buffer.from(ca.certificate), certificate: Buffer.from(issued.certificate), key: Buffer.from(issued.key) }
  }
}

export function writeMaterial({ ca, certificate, key }: TlsMaterial): TlsFiles {
  const folder = mkdtempSync(join(tmpdir(), 'nasoa-tls-'))
  const files = { ca: join(folder, 'ca.crt'), certificate: join(folder, 'own.crt'), key: join(folder, 'own.key'), revocationList: join(folder, 'ca.crl') }
  writeFileSync(files.ca, ca)
  writeFileSync(files.certificate, certificate)
  writeFileSync(files.key, key)
  return files
}
