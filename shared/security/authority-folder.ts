import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import lockfile from 'proper-lockfile'
import { EnvironmentError, InvalidInputError, messageOf } from '../errors.js'
import { identifier } from '../rpc/checked.js'
import { createAuthority, issueCertificate, type CertificateRequest, type KeyPairPem } from './certificate-authority.js'
import { CertificateError, FileExistsError } from './errors.js'
import { formatJoinTokens, parseJoinTokens, type JoinTokens } from './join-tokens.js'
import { writePrivateFile } from './private-file.js'

/** A certificate and its key on disk. */
export interface IssuedFiles {
  readonly certificate: string
  readonly key: string
}

/** The folder of an authority: `ca.crt`, which everybody gets, `ca.key`, which nobody gets, and `tokens.json`. */
export class AuthorityFolder {
  constructor(readonly folder: string) {}

  get certificatePath(): string {
    return join(this.folder, 'ca.crt')
  }

  private get keyPath(): string {
    return join(this.folder, 'ca.key')
  }

  private get tokensPath(): string {
    return join(this.folder, 'tokens.json')
  }

  /** @throws FileExistsError: a new authority makes every certificate of the old one worthless */
  async create(name: string, days: number, nowMs: number, overwrite: boolean): Promise<void> {
    mustBeAbsent([this.certificatePath, this.keyPath], overwrite)
    const { certificate, key } = await createAuthority(name, days, nowMs)
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
    writePrivateFile(files.key, key, { mode: 0o600, overwrite })
    writePrivateFile(files.certificate, certificate, { mode: 0o644, overwrite })
    putAuthorityBeside(join(folder, 'ca.crt'), authority.certificate)
    return files
  }

  tokens(): JoinTokens {
    if (!existsSync(this.tokensPath)) return []
    return parseJoinTokens(readText(this.tokensPath, 'check its rights'), this.tokensPath)
  }

  /** Changes the tokens; one process at a time, so that a token's uses are counted right. */
  async changeTokens<T>(change: (tokens: JoinTokens) => { readonly tokens: JoinTokens; readonly result: T }): Promise<T> {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 })
    const retries = { retries: 50, minTimeout: 20, maxTimeout: 200 }
    const release = await lockfile.lock(this.folder, { retries }).catch((error: unknown) => {
      throw new EnvironmentError(`cannot lock ${this.folder} (${messageOf(error)})`)
    })
    try {
      const { tokens, result } = change(this.tokens())
      writePrivateFile(this.tokensPath, formatJoinTokens(tokens), { mode: 0o600, overwrite: true })
      return result
    } finally {
      await release()
    }
  }
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
