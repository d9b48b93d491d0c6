import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidInputError, NotFoundError } from '../../shared/errors.js'
import { PermissionDeniedError } from '../../shared/rpc/errors.js'
import {
  createJoinToken,
  formatJoinTokens,
  parseJoinToken,
  parseJoinTokens,
  redeemJoinToken,
  revokeJoinToken,
  type JoinTokens,
} from '../../shared/security/join-tokens.js'

const fingerprint = 'ab'.repeat(32)
const nowMs = 1_000_000
const hourMs = 3_600_000
const create = (uses = 1, tokens: JoinTokens = []) => createJoinToken(tokens, { lifetimeMs: hourMs, uses, note: '', days: 365 }, fingerprint, nowMs, randomBytes)
const machine = (name: string, key = name) => ({ name, keySha256: key })

describe('a join token', () => {
  it('is stored without its secret', () => {
    const { tokens, text } = create()
    const { secret, id, authorityFingerprint } = parseJoinToken(text)
    expect(authorityFingerprint).toBe(fingerprint)
    const file = formatJoinTokens(tokens)
    expect(file).toContain(id)
    expect(file).not.toContain(secret)
    expect(parseJoinTokens(file, 'tokens.json')).toEqual(tokens)
  })

  it('lets as many machines in as it says, each of which may ask again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), { maxLength: 30 }), (uses, askers) => {
        const { tokens: first, text } = create(uses)
        const admitted = new Set<string>()
        let tokens = first
        for (const name of askers) {
          const expected = admitted.has(name) || admitted.size < uses
          try {
            tokens = redeemJoinToken(tokens, text, machine(name), nowMs).tokens
            expect(expected).toBe(true)
            admitted.add(name)
          } catch (error) {
            expect(error).toBeInstanceOf(PermissionDeniedError)
            expect(expected).toBe(false)
          }
        }
        expect(tokens[0].redeemed.map(({ name }) => name)).toEqual([...admitted])
      }),
    )
  })

  it('counts the same name with another key as another machine', () => {
    const { tokens, text } = create(1)
    const after = redeemJoinToken(tokens, text, machine('a', 'key 1'), nowMs).tokens
    expect(() => redeemJoinToken(after, text, machine('a', 'key 2'), nowMs)).toThrow(/used up/)
  })

  it('ends at its time', () => {
    const { tokens, text } = create()
    expect(() => redeemJoinToken(tokens, text, machine('a'), nowMs + hourMs - 1)).not.toThrow()
    expect(() => redeemJoinToken(tokens, text, machine('a'), nowMs + hourMs)).toThrow(/expired on 1970-01-01T01:16:40/)
  })

  it('is useless once revoked, and reads like one that never was', () => {
    const { tokens, text, token } = create()
    const other = create(1, tokens)
    const after = revokeJoinToken(other.tokens, token.id)
    expect(() => redeemJoinToken(after, text, machine('a'), nowMs)).toThrow(/unknown/)
    expect(() => redeemJoinToken(after, other.text, machine('a'), nowMs)).not.toThrow()
    expect(() => revokeJoinToken(after, token.id)).toThrow(NotFoundError)
  })

  it('is refused with any other secret', () => {
    const { tokens, text } = create()
    const { id } = parseJoinToken(text)
    const wrong = createJoinToken([], { lifetimeMs: hourMs, uses: 1, note: '', days: 365 }, fingerprint, nowMs, randomBytes).text.split('.')[2]
    expect(() => redeemJoinToken(tokens, `nasoa.${id}.${wrong}.${fingerprint}`, machine('a'), nowMs)).toThrow(/unknown/)
  })

  it.each(['', 'nasoa', 'nasoa.a.b.c', '../../etc/passwd'])('says of %j that it is none', (text) => {
    expect(() => parseJoinToken(text)).toThrow(InvalidInputError)
  })

  it('gives no certificate to a name that is a path', () => {
    const { tokens, text } = create()
    expect(() => redeemJoinToken(tokens, text, machine('../a'), nowMs)).toThrow(InvalidInputError)
  })

  it('takes expired ones out of the file when another is made', () => {
    const { tokens } = create()
    const later = createJoinToken(tokens, { lifetimeMs: hourMs, uses: 1, note: '', days: 365 }, fingerprint, nowMs + 2 * hourMs, randomBytes)
    expect(later.tokens).toEqual([later.token])
  })
})
