import { X509Certificate, randomBytes } from 'node:crypto'
import { parseDuration } from '../../shared/config/duration.js'
import { AuthorityFolder } from '../../shared/security/authority-folder.js'
import { createJoinToken, revokeJoinToken, unexpired, type JoinToken } from '../../shared/security/join-tokens.js'
import { requireInteger } from '../option-values.js'
import { UsageError, printJson, printStatus } from '../output.js'

interface AuthorityOptions {
  readonly authority: string
  readonly json: boolean
}

export interface CreateTokenOptions extends AuthorityOptions {
  readonly lifetime: string
  readonly uses: number
  readonly note: string
  readonly days: number
}

export async function createToken({ authority, lifetime, uses, note, days, json }: CreateTokenOptions): Promise<void> {
  const lifetimeMs = parseDuration(lifetime)
  if (lifetimeMs === null) throw new UsageError(`--lifetime must be a duration such as 1h or 7d, got '${lifetime}'`)
  requireInteger('uses', uses, [1, 10_000])
  if (!(days > 0 && days <= 3_650)) throw new UsageError(`--days must be a number up to 3650, got ${days}`)
  const folder = new AuthorityFolder(authority)
  const fingerprint = new X509Certificate(folder.certificateText()).fingerprint256.replaceAll(':', '').toLowerCase()
  const { text, token } = await folder.changeTokens((tokens) => {
    const created = createJoinToken(tokens, { lifetimeMs, uses, note, days }, fingerprint, Date.now(), randomBytes)
    return { tokens: created.tokens, result: created }
  })
  if (json) printJson({ token: text, ...shown(token) })
  else {
    process.stdout.write(`${text}\n`)
    printStatus(`valid until ${shown(token).expiresAt} for ${uses} ${uses === 1 ? 'worker' : 'workers'}; it is not shown again`)
  }
}

export function listTokens({ authority, json }: AuthorityOptions): void {
  const tokens = unexpired(new AuthorityFolder(authority).tokens(), Date.now()).map(shown)
  if (json) printJson({ tokens })
  else if (tokens.length === 0) printStatus('no join tokens')
  else for (const { id, expiresAt, used, uses, note } of tokens) process.stdout.write(`${id}  until ${expiresAt}  ${used} of ${uses} used  ${note}\n`)
}

export async function revokeToken({ authority, id, json }: AuthorityOptions & { readonly id: string }): Promise<void> {
  await new AuthorityFolder(authority).changeTokens((tokens) => ({ tokens: revokeJoinToken(tokens, id), result: null }))
  if (json) printJson({ revoked: id })
  else printStatus(`the join token ${id} is revoked`)
}

function shown({ id, expiresAtMs, uses, redeemed, note }: JoinToken) {
  return { id, expiresAt: new Date(expiresAtMs).toISOString(), uses, used: redeemed.length, joined: redeemed.map(({ name }) => name), note }
}
