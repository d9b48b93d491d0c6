import { createHash, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { parseYaml } from '../config/yaml-file.js'
import { InvalidInputError, NotFoundError } from '../errors.js'
import { identifier } from '../rpc/checked.js'
import { PermissionDeniedError } from '../rpc/errors.js'

/**
 * A join token lets a new machine get a worker's certificate, and nothing else. Text: `nasoa.<id>.<secret>.<fingerprint>`;
 * the secret has 256 random bits, so a plain hash of it is safe to store; the fingerprint is the SHA-256 of the authority's
 * certificate, by which the machine recognises the coordinator before it has any certificate (the design of kubeadm).
 */

const redemptionSchema = z.strictObject({ name: z.string(), keySha256: z.string() })

const tokenSchema = z.strictObject({
  id: z.string(),
  secretSha256: z.string().length(64),
  createdAtMs: z.number(),
  expiresAtMs: z.number(),
  /** How many machines may join with it. */
  uses: z.number().int().min(1),
  /** Which have; a machine that asks again with the same key (the answer was lost) is not counted again. */
  redeemed: z.array(redemptionSchema).readonly(),
  note: z.string(),
  /** How long certificates are valid that are issued for it. */
  days: z.number().positive().default(365),
})

const fileSchema = z.strictObject({ tokens: z.array(tokenSchema) })

export type JoinToken = Readonly<z.output<typeof tokenSchema>>
export type JoinTokens = readonly JoinToken[]

export interface NewJoinToken {
  readonly lifetimeMs: number
  readonly uses: number
  readonly note: string
  readonly days: number
}

/** Random bytes, such as node:crypto's randomBytes. */
export type RandomBytes = (count: number) => Buffer

/** @returns the tokens with the new one, and its text, which is shown once and not stored */
export function createJoinToken(
  tokens: JoinTokens,
  { lifetimeMs, uses, note, days }: NewJoinToken,
  authorityFingerprint: string,
  nowMs: number,
  random: RandomBytes,
): { readonly tokens: JoinTokens; readonly text: string; readonly token: JoinToken } {
  const secret = random(32).toString('base64url')
  const id = random(6).toString('hex')
  const token = { id, secretSha256: sha256(secret), createdAtMs: nowMs, expiresAtMs: nowMs + lifetimeMs, uses, redeemed: [], note, days }
  return { tokens: [...unexpired(tokens, nowMs), token], text: `nasoa.${id}.${secret}.${authorityFingerprint}`, token }
}

export interface JoinTokenText {
  readonly id: string
  readonly secret: string
  /** SHA-256 of the authority's certificate, hexadecimal. */
  readonly authorityFingerprint: string
}

/** @throws InvalidInputError */
export function parseJoinToken(text: string): JoinTokenText {
  const match = /^nasoa\.([0-9a-f]{12})\.([A-Za-z0-9_-]{43})\.([0-9a-f]{64})$/.exec(text.trim())
  if (!match) throw new InvalidInputError('this is no join token: copy the whole line that `nasoa certs token create` printed')
  return { id: match[1], secret: match[2], authorityFingerprint: match[3] }
}

/** Who wants to join: the name it asks for, and the SHA-256 of its public key, hexadecimal. */
export interface Joining {
  readonly name: string
  readonly keySha256: string
}

/**
 * Uses a token up for one machine. Asking again with the same name and key is safe.
 * @returns the tokens with the use counted, and how many days the certificate may be valid
 * @throws PermissionDeniedError for a token that is unknown, wrong, expired or used up; the first two read the same
 */
export function redeemJoinToken(tokens: JoinTokens, text: string, joining: Joining, nowMs: number): { readonly tokens: JoinTokens; readonly days: number } {
  const name = identifier(joining.name, 'the name')
  const token = verify(tokens, parseJoinToken(text))
  if (nowMs >= token.expiresAtMs) {
    throw new PermissionDeniedError(`the join token ${token.id} expired on ${new Date(token.expiresAtMs).toISOString()}: ask for a new one`)
  }
  if (token.redeemed.some((entry) => entry.name === name && entry.keySha256 === joining.keySha256)) return { tokens, days: token.days }
  if (token.redeemed.length >= token.uses) throw new PermissionDeniedError(`the join token ${token.id} is used up: ask for a new one`)
  const redeemed = [...token.redeemed, { name, keySha256: joining.keySha256 }]
  return { tokens: tokens.map((each) => (each === token ? { ...each, redeemed } : each)), days: token.days }
}

/** @throws NotFoundError */
export function revokeJoinToken(tokens: JoinTokens, id: string): JoinTokens {
  if (!tokens.some((token) => token.id === id)) throw new NotFoundError(`there is no join token ${id}: \`nasoa certs token list\` shows them`)
  return tokens.filter((token) => token.id !== id)
}

export function unexpired(tokens: JoinTokens, nowMs: number): JoinTokens {
  return tokens.filter(({ expiresAtMs }) => nowMs < expiresAtMs)
}

export function formatJoinTokens(tokens: JoinTokens): string {
  return `${JSON.stringify({ tokens }, null, 2)}\n`
}

/** @throws ConfigError */
export function parseJoinTokens(text: string, file: string): JoinTokens {
  return parseYaml(text, file, fileSchema).tokens
}

function verify(tokens: JoinTokens, { id, secret }: JoinTokenText): JoinToken {
  const token = tokens.find((each) => each.id === id)
  const given = Buffer.from(sha256(secret))
  if (token !== undefined && timingSafeEqual(given, Buffer.from(token.secretSha256))) return token
  throw new PermissionDeniedError('the join token is unknown: it is mistyped, or was revoked')
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
