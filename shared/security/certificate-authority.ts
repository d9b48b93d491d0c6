import 'reflect-metadata'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  X509Crl,
  X509CrlGenerator,
  type Extension,
  type JsonGeneralName,
} from '@peculiar/x509'
import { createHash, createPublicKey, randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import { InvalidInputError, messageOf } from '../errors.js'
import { identifier } from '../rpc/checked.js'
import { CertificateError } from './errors.js'
import { coordinatorServerName, type Identity } from './role.js'

/** PEM texts. */
export interface KeyPairPem {
  readonly certificate: string
  readonly key: string
}

export interface CertificateRequest extends Identity {
  readonly days: number
  /** DNS names and IP addresses that a coordinator is reached by; loopback and the coordinator's common name are added. */
  readonly hosts: readonly string[]
}

const curve = { name: 'ECDSA', namedCurve: 'P-256' } as const
const algorithm = { ...curve, hash: 'SHA-256' } as const
const dayMs = 24 * 3600 * 1000

/** Machines whose clocks lag a little must take a new certificate too. */
export const clockSkewMs = 3600 * 1000
const longestDays = 3_650

/** A new authority: a self-signed certificate that may sign others, but no further authorities. */
export async function createAuthority(name: string, days: number, nowMs: number): Promise<KeyPairPem> {
  const keys = await generateKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [identifier(name, 'the name of the authority')] }],
    keys,
    signingAlgorithm: algorithm,
    ...validity(days, nowMs),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { certificate: pem(certificate), key: await privateKeyPem(keys.privateKey) }
}

/** A key and a certificate for it. The certificate's file holds the authority's certificate too, so that a chain is sent. */
export async function issueCertificate(authority: KeyPairPem, request: CertificateRequest, nowMs: number): Promise<KeyPairPem> {
  const keys = await generateKeys()
  return { certificate: await sign(authority, keys.publicKey, request, nowMs), key: await privateKeyPem(keys.privateKey) }
}

/** The certificates of an authority that are no longer good, in a list that it has signed (RFC 5280, section 5). */
export async function signRevocationList(authority: KeyPairPem, revoked: readonly { readonly serialNumber: string; readonly atMs: number }[], nowMs: number): Promise<string> {
  const issuer = authorityCertificate(authority)
  const list = await X509CrlGenerator.create({
    issuer: issuer.subjectName,
    thisUpdate: wholeSecond(nowMs),
    // It counts until there is another: a coordinator must not fall silent because nobody has signed one for long.
    nextUpdate: issuer.notAfter,
    entries: revoked.map(({ serialNumber, atMs }) => ({ serialNumber, revocationDate: wholeSecond(atMs) })),
    signingKey: await importPrivateKey(authority.key),
    signingAlgorithm: algorithm,
  })
  return `${list.toString('pem')}\n`
}

/** Serial numbers in a revocation list, as Node's TLS prints them. @throws CertificateError where it is none, or another authority's */
export async function readRevocationList(pemList: string, authorityCertificatePem: string, name: string): Promise<string[]> {
  try {
    const list = new X509Crl(pemList)
    const issuer = new X509Certificate(authorityCertificatePem)
    if (!(await list.verify({ publicKey: issuer.publicKey }))) throw new Error('it is not signed by the authority')
    return list.entries.map(({ serialNumber }) => plainSerial(serialNumber))
  } catch (error) {
    throw new CertificateError(`${name} is no revocation list of this authority (${messageOf(error)})`, { file: name })
  }
}

/** One spelling for the serial numbers of all libraries: upper case, without leading zeros. */
export function plainSerial(serialNumber: string): string {
  return serialNumber.toUpperCase().replace(/^0+(?=.)/, '')
}

/** A key that never leaves its machine. @returns PEM */
export async function createPrivateKey(): Promise<string> {
  return privateKeyPem((await generateKeys()).privateKey)
}

/** A request to have a key certified, PEM; the subject is the authority's to decide. */
export async function createSigningRequest(name: string, privateKey: string): Promise<string> {
  const keys = await keyPairOf(privateKey)
  const subject = [{ CN: [identifier(name, 'the name')] }]
  const request = await Pkcs10CertificateRequestGenerator.create({ name: subject, keys, signingAlgorithm: algorithm })
  return `${request.toString('pem')}\n`
}

/**
 * A certificate for the key of a signing request. Nothing but the key is taken from it.
 * @throws InvalidInputError where it is none, or was not signed with its own key
 */
export async function issueForSigningRequest(authority: KeyPairPem, pemRequest: string, request: CertificateRequest, nowMs: number): Promise<string> {
  const signingRequest = parseSigningRequest(pemRequest)
  if (!(await signingRequest.verify().catch(() => false))) throw new InvalidInputError('the signing request is not signed with its own key')
  return sign(authority, (await signingRequest.publicKey.export()) as webcrypto.CryptoKey, request, nowMs)
}

/** SHA-256 of the public key in a signing request, hexadecimal. @throws InvalidInputError */
export function keySha256OfSigningRequest(pemRequest: string): string {
  return sha256(parseSigningRequest(pemRequest).publicKey.rawData)
}

/** What an authority's log keeps of a certificate. */
export function factsOfCertificate(pemCertificate: string): { readonly serialNumber: string; readonly keySha256: string; readonly validToMs: number } {
  const { serialNumber, publicKey, notAfter } = new X509Certificate(pemCertificate)
  return { serialNumber: plainSerial(serialNumber), keySha256: sha256(publicKey.rawData), validToMs: notAfter.getTime() }
}

function parseSigningRequest(pemRequest: string): Pkcs10CertificateRequest {
  try {
    return new Pkcs10CertificateRequest(pemRequest)
  } catch (error) {
    throw new InvalidInputError(`not a certificate signing request in PEM (${messageOf(error)})`)
  }
}

function sha256(data: ArrayBuffer): string {
  return createHash('sha256').update(new Uint8Array(data)).digest('hex')
}

async function sign(authority: KeyPairPem, publicKey: webcrypto.CryptoKey, request: CertificateRequest, nowMs: number): Promise<string> {
  const issuer = authorityCertificate(authority)
  const { role, days, hosts } = request
  const name = identifier(request.name, 'the name')
  if (role !== 'coordinator' && hosts.length > 0) throw new InvalidInputError(`hosts belong to a coordinator's certificate, not to a ${role}'s`)
  const { notBefore, notAfter } = validity(days, nowMs)
  if (notAfter > issuer.notAfter) throw outlivesAuthority(days, issuer)
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ OU: [role] }, { CN: [name] }],
    issuer: issuer.subjectName,
    publicKey,
    signingKey: await importPrivateKey(authority.key),
    signingAlgorithm: algorithm,
    notBefore,
    notAfter,
    extensions: await extensions(issuer, publicKey, role === 'coordinator' ? hosts : null),
  })
  return pem(certificate) + pem(issuer)
}

/** @param hosts of a server; null = a client. Neither may stand in for the other. */
async function extensions(issuer: X509Certificate, publicKey: webcrypto.CryptoKey, hosts: readonly string[] | null): Promise<Extension[]> {
  const usage = hosts === null ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([usage]),
    await SubjectKeyIdentifierExtension.create(publicKey),
    await AuthorityKeyIdentifierExtension.create(await issuer.publicKey.export()),
    ...(hosts === null ? [] : [new SubjectAlternativeNameExtension(serverNames(hosts))]),
  ]
}

function serverNames(hosts: readonly string[]): JsonGeneralName[] {
  const all = [...new Set([coordinatorServerName, ...hosts, 'localhost', '127.0.0.1', '::1'])]
  return all.map((host) => (isIP(host) === 0 ? { type: 'dns', value: dnsName(host) } : { type: 'ip', value: host }))
}

function dnsName(host: string): string {
  if (/^(\*\.)?[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/.test(host) && host.length <= 253) return host
  throw new InvalidInputError(`'${host}' is neither a host's name nor an IP address (without port)`)
}

function outlivesAuthority(days: number, { notAfter }: X509Certificate): CertificateError {
  const end = notAfter.toISOString().slice(0, 10)
  return new CertificateError(`the authority's certificate ends ${end}, before ${days} days are over: take fewer days, or make a new authority`)
}

function validity(days: number, nowMs: number): { notBefore: Date; notAfter: Date } {
  if (!(days > 0 && days <= longestDays)) {
    throw new InvalidInputError(`a certificate is valid for more than 0 and at most ${longestDays} days, got ${days}`)
  }
  const start = wholeSecond(nowMs).getTime()
  return { notBefore: new Date(start - clockSkewMs), notAfter: new Date(start + Math.round(days * dayMs / 1000) * 1000) }
}

/** Certificates know no others. */
function wholeSecond(atMs: number): Date {
  return new Date(Math.floor(atMs / 1000) * 1000)
}

function authorityCertificate({ certificate }: KeyPairPem): X509Certificate {
  try {
    return new X509Certificate(certificate)
  } catch (error) {
    throw new CertificateError(`the authority's certificate cannot be read: ${messageOf(error)}`)
  }
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(curve, true, ['sign', 'verify'])
}

async function importPrivateKey(key: string): Promise<webcrypto.CryptoKey> {
  try {
    return await webcrypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(key), curve, false, ['sign'])
  } catch (error) {
    throw new CertificateError(`the authority's private key cannot be read: ${messageOf(error)}`)
  }
}

async function keyPairOf(privateKey: string): Promise<webcrypto.CryptoKeyPair> {
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  return {
    privateKey: await importPrivateKey(privateKey),
    publicKey: await webcrypto.subtle.importKey('spki', publicKey, curve, true, ['verify']),
  }
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`
}

/** 127 random bits: RFC 5280 wants a positive number of at most 20 bytes, and nobody should guess the next one. */
function serialNumber(): string {
  const bytes = randomBytes(16)
  bytes[0] = (bytes[0] & 0x7f) | 0x40
  return bytes.toString('hex')
}

const pem = (certificate: X509Certificate): string => `${certificate.toString('pem')}\n`
