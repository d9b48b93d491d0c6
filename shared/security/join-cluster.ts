import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { identifier } from '../rpc/checked.js'
import { callJoin } from '../rpc/join-client.js'
import { createPrivateKey, createSigningRequest } from './certificate-authority.js'
import { parseJoinToken } from './join-tokens.js'
import { writePrivateFile } from './private-file.js'
import { recogniseAuthority } from './recognise-authority.js'
import { filesBeside, loadTlsMaterial } from './tls-material.js'

export interface JoinOptions {
  /** Where the certificate, its key and the authority's certificate are kept. */
  readonly folder: string
  readonly token: string
  readonly name: string
  readonly nowMs: number
}

/** Where the certificate of a machine that joined lies. */
export function joinedCertificatePath(folder: string): string {
  return join(folder, 'worker.crt')
}

/** Whether the machine has a certificate already that the token's authority has issued and that is good for now. */
export function hasJoined({ folder, token, nowMs }: JoinOptions): boolean {
  const files = filesBeside(joinedCertificatePath(folder))
  if (!existsSync(files.certificate)) return false
  try {
    const { ca } = loadTlsMaterial(files, 'client', nowMs)
    return new X509Certificate(ca).fingerprint256.replaceAll(':', '').toLowerCase() === parseJoinToken(token).authorityFingerprint
  } catch {
    // Expired, damaged or of another authority: it is replaced.
    return false
  }
}

/**
 * One try to exchange a token for a certificate. The key is made first and kept, so that a try whose answer was lost does not
 * use up the token. The key never leaves this machine.
 * @throws UnavailableError where it may succeed later; PermissionDeniedError, CertificateError where it will not
 */
export async function joinCluster(target: string, { folder, token, name, nowMs }: JoinOptions): Promise<void> {
  const files = filesBeside(joinedCertificatePath(folder))
  const authorityCertificate = await recogniseAuthority(target, parseJoinToken(token).authorityFingerprint)
  const signingRequest = await createSigningRequest(identifier(name, 'the name'), await keyIn(files.key))
  const certificate = await callJoin({ target, authorityCertificate, token: token.trim(), name, signingRequest })
  writePrivateFile(files.ca, authorityCertificate, { mode: 0o644, overwrite: true })
  writePrivateFile(files.certificate, certificate, { mode: 0o644, overwrite: true })
  loadTlsMaterial(files, 'client', nowMs)
}

async function keyIn(path: string): Promise<string> {
  if (existsSync(path)) return readFileSync(path, 'utf8')
  const key = await createPrivateKey()
  writePrivateFile(path, key, { mode: 0o600, overwrite: false })
  return key
}
