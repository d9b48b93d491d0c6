import { Metadata, status, type ServiceError } from '@grpc/grpc-js'
import { describe, expect, test } from 'vitest'
import {
  EnvironmentError,
  InvalidInputError,
  NotFoundError,
  StaleTokenError,
  UnavailableError,
} from '../../shared/errors.js'
import { fromServiceError, toStatus } from '../../shared/rpc/error-status.js'
import { PermissionDeniedError, RemoteFailureError } from '../../shared/rpc/errors.js'
import { isRetryable } from '../../shared/rpc/retry.js'

const kinds = [
  InvalidInputError,
  NotFoundError,
  StaleTokenError,
  EnvironmentError,
  UnavailableError,
  PermissionDeniedError,
  RemoteFailureError,
]

function received(code: status, details: string): ServiceError {
  return Object.assign(new Error(`${code} ${details}`), { code, details, metadata: new Metadata() })
}

describe('errors and statuses', () => {
  test.each(kinds)('%o survives the wire with its message', (Type) => {
    const { code, details } = toStatus(new Type('what, where, what to do'))
    const back = fromServiceError(received(code, details), 'the coordinator')
    expect(back.constructor).toBe(Type)
    expect(back.message).toContain('what, where, what to do')
    expect(back.message).not.toContain('\n')
  })

  test('no two kinds share a status', () => {
    expect(new Set(kinds.map((Type) => toStatus(new Type('')).code)).size).toBe(kinds.length)
  })

  test('a bug becomes INTERNAL, on one line of bounded length', () => {
    expect(toStatus(new TypeError('x is\n  undefined'))).toEqual({ code: status.INTERNAL, details: 'x is undefined' })
    expect(toStatus('a'.repeat(100_000)).details.length).toBeLessThan(5000)
  })

  test.each(Object.values(status).filter((code): code is status => typeof code === 'number' && code !== status.OK))('status %i says whether to repeat', (code) => {
    const passing = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.RESOURCE_EXHAUSTED, status.CANCELLED]
    expect(isRetryable(fromServiceError(received(code, 'because'), 'the coordinator'))).toBe(passing.includes(code))
  })
})
