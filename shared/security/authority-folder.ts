import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import lockfile from 'proper-lockfile'
import { EnvironmentError, InvalidInputError, NotFoundError, messageOf } from '../errors.js'
import { identifier } from '../rpc/checked.js'
import { PermissionDeniedError } from '../rpc/errors.js'
import {
  createAuthority,
  factsOfCertificate,
  issueCertificate,
  issueForSigningRequest,
  keySha256OfSigningRequest,
  plainSerial,
  signRevocationList,
  type CertificateRequest,
  type KeyPairPem,
} from './certificate-authority.js'
import { formatEvent, isInForce, issuedCertificates, parseEvents, revocations, type CertificateEvent, type IssuedCertificate } from './certificate-log.js'
import { CertificateError, FileExistsError } from './errors.js'
import { formatJoinTokens, parseJoinTokens, redeemJoinToken, type JoinTokens } from './join-tokens.js'
import type { Identity } from './role.js'
import { writePrivateFile } from './private-file.js'
import { revocationListBeside } from './tls-material.js'

/** A certificate and its key on disk. */
export interface IssuedFiles {
  readonly certificate: string
  readonly key: string
}

export interface JoinApplication {
  readonly token: string
  readonly name: string
  /** PEM. */
  readonly signingRequest: string
}

const dayMs = 24 * 3600 * 1000

/**
 * The folder of an authority: `ca.crt`, which everybody gets, `ca.key`, which nobody gets, `tokens.json`, `issued.jsonl` (what
 * was issued and revoked) and `ca.crl`, the list that coordinators read.
 */
export class AuthorityFolder {
  constructor(readonly folder: string) {}

  get certificatePath(): string {
    return join(this.folder, 'ca.crt')
  }

  private get keyPath(): string {
    return join(this.folder, 'ca.key')
  }

  private get logPath(): string {
    return join(this.folder, 'issued.jsonl')
  }

  private get revocationListPath(): string {
    return revocationListBeside(this.certificatePath)
  }

  private get tokensPath(): string {
    return join(this.folder, 'tokens.json')
  }

  /** @throws FileExistsError: a new authority makes every certificate of the old one worthless */
  async create(name: string, days: number, nowMs: number, overwrite: boolean): Promise<void> {
    mustBeAbsent([this.certificatePath, this.keyPath], overwrite)
    const { certificate, key } = await createAuthority(name, days, nowMs)
    // What the old authority has issued is worth nothing with the new one.
    for (const path of [this.logPath, this.revocationListPath, this.tokensPath]) rmSync(path, { force: true })
    writePrivateFile(this.keyPath, key, { mode: 0o600, overwrite })
    writePrivateFile(this.certificatePath, certificate, { mode: 0o644, overwrite })
  }

  /** @throws CertificateError where there is none */
  read(): KeyPairPem {
    return { certificate: this.certificateText(), key: readText(this.keyPath, 'run `nasoa certs init` first, or name its folder with --authority') }
  }

  certificateText(): string {
    return readText(this.certificatePath, 'run `nasoa certs init` first, or name its folder with --authority')
  }

  /** Issues `<folder>/<name>.crt` and `.key`, and puts the authority's certificate beside them. */
  async issue(request: CertificateRequest, folder: string, nowMs: number, overwrite: boolean): Promise<IssuedFiles> {
    const base = join(folder, identifier(request.name, 'the name'))
    const files = { certificate: `${base}.crt`, key: `${base}.key` }
    if (request.name === 'ca') throw new InvalidInputError("the name ca is the authority's own: choose another")
    mustBeAbsent([files.certificate, files.key], overwrite)
    const authority = this.read()
    const { certificate, key } = await issueCertificate(authority, request, nowMs)
    await this.locked(() => this.noteIssued(certificate, request, nowMs))
    writePrivateFile(files.key, key, { mode: 0o600, overwrite })
    writePrivateFile(files.certificate, certificate, { mode: 0o644, overwrite })
    putAuthorityBeside(join(folder, 'ca.crt'), authority.certificate)
    return files
  }

  /**
   * A worker's certificate for a join token. Asking again with the same key is safe.
   * @returns PEM, with the authority's after it
   * @throws PermissionDeniedError for a token that is not good, or a name that somebody else has
   */
  join({ token, name, signingRequest }: JoinApplication, nowMs: number): Promise<string> {
    return this.locked(async () => {
      const keySha256 = keySha256OfSigningRequest(signingRequest)
      const { tokens, days: longest } = redeemJoinToken(this.tokens(), token, { name, keySha256 }, nowMs)
      this.requireFreeName(name, keySha256, nowMs)
      const authority = this.read()
      const days = Math.min(longest, daysLeft(authority.certificate, nowMs))
      const request: CertificateRequest = { role: 'worker', name: identifier(name, 'the name'), hosts: [], days }
      const certificate = await issueForSigningRequest(authority, signingRequest, request, nowMs)
      writePrivateFile(this.tokensPath, formatJoinTokens(tokens), { mode: 0o600, overwrite: true })
      this.noteIssued(certificate, request, nowMs)
      return certificate
    })
  }

  /**
   * A new certificate for a name and key that have one in force, valid as long as that one was.
   * @returns PEM, with the authority's after it
   * @throws PermissionDeniedError for any other name or key
   */
  renew({ name, role }: Identity, signingRequest: string, nowMs: number): Promise<string> {
    return this.locked(async () => {
      const keySha256 = keySha256OfSigningRequest(signingRequest)
      const inForce = this.issued().filter((each) => each.name === name && each.role === role && each.keySha256 === keySha256 && isInForce(each, nowMs))
      const latest = inForce.at(-1)
      if (latest === undefined) throw new PermissionDeniedError(`no certificate of ${name} with this key is in force: get one with \`nasoa certs issue\`, or join again`)
      const authority = this.read()
      const days = Math.min((latest.validToMs - latest.atMs) / dayMs, daysLeft(authority.certificate, nowMs))
      const request: CertificateRequest = { name, role, hosts: [], days }
      const certificate = await issueForSigningRequest(authority, signingRequest, request, nowMs)
      this.noteIssued(certificate, request, nowMs)
      return certificate
    })
  }

  /** What was issued here, oldest first. */
  issued(): IssuedCertificate[] {
    return issuedCertificates(this.events())
  }

  /**
   * Revokes all certificates of a name that are in force, or the one with a serial number, and signs the list anew.
   * @throws NotFoundError
   */
  revoke(whose: { readonly name: string } | { readonly serialNumber: string }, nowMs: number): Promise<readonly string[]> {
    return this.locked(async () => {
      const inForce = this.issued().filter((each) => isInForce(each, nowMs))
      const serials = 'name' in whose ? inForce.filter(({ name }) => name === whose.name).map(({ serialNumber }) => serialNumber) : [plainSerial(whose.serialNumber)]
      if (serials.length === 0) throw new NotFoundError(`no certificate of that name is in force: \`nasoa certs list\` shows them; one that is not listed is revoked by its file`)
      for (const serialNumber of serials) this.note({ kind: 'revoked', serialNumber, atMs: nowMs })
      const list = await signRevocationList(this.read(), revocations(this.events()), nowMs)
      writePrivateFile(this.revocationListPath, list, { mode: 0o644, overwrite: true })
      return serials
    })
  }

  tokens(): JoinTokens {
    if (!existsSync(this.tokensPath)) return []
    return parseJoinTokens(readText(this.tokensPath, 'check its rights'), this.tokensPath)
  }

  /** Changes the tokens; one process at a time, so that a token's uses are counted right. */
  changeTokens<T>(change: (tokens: JoinTokens) => { readonly tokens: JoinTokens; readonly result: T }): Promise<T> {
    return this.locked(() => {
      const { tokens, result } = change(this.tokens())
      writePrivateFile(this.tokensPath, formatJoinTokens(tokens), { mode: 0o600, overwrite: true })
      return result
    })
  }

  private async locked<T>(work: () => T | Promise<T>): Promise<T> {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 })
    const retries = { retries: 50, minTimeout: 20, maxTimeout: 200 }
    const release = await lockfile.lock(this.folder, { retries }).catch((error: unknown) => {
      throw new EnvironmentError(`cannot lock ${this.folder} (${messageOf(error)})`)
    })
    try {
      return await work()
    } finally {
      await release()
    }
  }

  /** Sessions and leases belong to a name, so nobody may take one that another machine has. */
  private requireFreeName(name: string, keySha256: string, nowMs: number): void {
    const taken = this.issued().some((each) => each.name === name && each.keySha256 !== keySha256 && isInForce(each, nowMs))
    if (!taken) return
    throw new PermissionDeniedError(`the name ${name} is taken by another machine: choose another with --name, or revoke the old certificate (nasoa certs revoke ${name})`)
  }

  private noteIssued(certificate: string, { name, role }: CertificateRequest, atMs: number): void {
    this.note({ kind: 'issued', name, role, ...factsOfCertificate(certificate), atMs })
  }

  private note(event: CertificateEvent): void {
    try {
      appendFileSync(this.logPath, formatEvent(event), { mode: 0o600 })
    } catch (error) {
      throw new EnvironmentError(`cannot write ${this.logPath}: ${messageOf(error)}`)
    }
  }

  private events(): CertificateEvent[] {
    return existsSync(this.logPath) ? parseEvents(readText(this.logPath, 'check its rights'), this.logPath) : []
  }
}

function daysLeft(certificate: string, nowMs: number): number {
  return (factsOfCertificate(certificate).validToMs - nowMs) / dayMs
}

function mustBeAbsent(paths: readonly string[], overwrite: boolean): void {
  const present = paths.find((path) => existsSync(path))
  if (present === undefined || overwrite) return
  throw new FileExistsError(`${present} is there already: name another folder, or add --force to replace it`, { file: present })
}

function putAuthorityBeside(path: string, certificate: string): void {
  if (existsSync(path) && readText(path, '') === certificate) return
  writePrivateFile(path, certificate, { mode: 0o644, overwrite: true })
}

function readText(path: string, advice: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new CertificateError(`cannot read ${path} (${messageOf(error)}): ${advice}`, { file: path })
  }
}
