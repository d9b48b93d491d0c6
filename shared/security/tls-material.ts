import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { messageOf } from '../errors.js'
import { isIssuedBy, parseCertificates, serves, timeProblem, type Purpose } from './certificate.js'
import { CertificateError } from './errors.js'

export interface TlsFiles {
  /** Certificates of the authorities whose holders are trusted. */
  readonly ca: string
  readonly certificate: string
  readonly key: string
  /** Of the authority; need not be there. */
  readonly revocationList: string
}

/** PEM, checked to fit together. */
export interface TlsMaterial {
  readonly ca: Buffer
  readonly certificate: Buffer
  readonly key: Buffer
}

/** Where the revocation list of an authority lies: beside its certificate. */
export function revocationListBeside(ca: string): string {
  return join(dirname(ca), 'ca.crl')
}

/** The files beside a certificate, where `nasoa certs` puts them: `gpu-1.crt`, `gpu-1.key`, `ca.crt`. */
export function filesBeside(certificate: string, chosen: { readonly ca?: string | undefined; readonly key?: string | undefined } = {}): TlsFiles {
  const folder = dirname(certificate)
  const key = join(folder, `${basename(certificate, extname(certificate))}.key`)
  const ca = chosen.ca ?? join(folder, 'ca.crt')
  return { certificate, ca, key: chosen.key ?? key, revocationList: revocationListBeside(ca) }
}

/**
 * Reads and checks what a peer needs, so that what is wrong is said here and not by a handshake on another machine.
 * @throws CertificateError: unreadable, expired, of another authority, a key that belongs to another certificate, a server's
 * certificate in a client's hands or the other way round
 */
export function loadTlsMaterial(files: TlsFiles, purpose: Purpose, nowMs: number): TlsMaterial {
  const material = { ca: read(files.ca), certificate: read(files.certificate), key: read(files.key) }
  const authorities = parseCertificates(material.ca.toString(), files.ca)
  const [own, ...chain] = parseCertificates(material.certificate.toString(), files.certificate)
  requireUsable(own, [...authorities, ...chain.filter((link) => isIssuedBy(link, authorities))], files, purpose, nowMs)
  if (!own.checkPrivateKey(parseKey(material.key, files.key))) {
    throw new CertificateError(`${files.key} is not the key of ${files.certificate}`, { file: files.key })
  }
  return material
}

function requireUsable(own: X509Certificate, authorities: readonly X509Certificate[], files: TlsFiles, purpose: Purpose, nowMs: number): void {
  const file = files.certificate
  const time = timeProblem(own, nowMs)
  if (time !== null) throw new CertificateError(`the certificate ${file} ${time}`, { file })
  if (!isIssuedBy(own, authorities)) throw new CertificateError(`the certificate ${file} was not issued by the authority in ${files.ca}`, { file })
  if (!serves(own, purpose)) {
    const needed = purpose === 'server' ? 'a coordinator needs one with --role coordinator' : 'take one with the role worker, operator or viewer'
    throw new CertificateError(`the certificate ${file} is not for a ${purpose}: ${needed}`, { file })
  }
}

function parseKey(pem: Buffer, file: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    throw new CertificateError(`${file} holds no private key in PEM (${messageOf(error)})`, { file })
  }
}

function read(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new CertificateError(`cannot read ${file} (${messageOf(error)})`, { file })
  }
}
