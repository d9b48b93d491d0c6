import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ControlServiceService } from '../../shared/rpc/gen/nasoa/v1/control.js'
import { RenewalServiceService } from '../../shared/rpc/gen/nasoa/v1/join.js'
import { WorkerServiceService } from '../../shared/rpc/gen/nasoa/v1/worker.js'
import { PermissionDeniedError } from '../../shared/rpc/errors.js'
import { accessRules, mayCall, requireAccess } from '../../shared/security/access.js'
import { peerIdentity, scopedWorkerId } from '../../shared/security/peer.js'
import { roles } from '../../shared/security/role.js'

const paths = (service: object): string[] => Object.values(service as Record<string, { path: string }>).map(({ path }) => path)
const control = paths(ControlServiceService)
const worker = [...paths(WorkerServiceService), ...paths(RenewalServiceService)]

describe('access rules', () => {
  it('name exactly the methods there are', () => {
    const ours = Object.keys(accessRules).filter((path) => path.startsWith('/nasoa.'))
    expect(ours.sort()).toEqual([...control, ...worker].sort())
  })

  it('let workers call the worker service, renew their certificates and do nothing else of ours', () => {
    const allowed = Object.keys(accessRules).filter((path) => path.startsWith('/nasoa.') && mayCall(accessRules, 'worker', path))
    expect(allowed.sort()).toEqual([...worker].sort())
  })

  it('let viewers change nothing', () => {
    const onlyOperators = control.filter((path) => !mayCall(accessRules, 'viewer', path))
    expect(onlyOperators.sort()).toEqual(['/nasoa.v1.ControlService/CordonWorker', '/nasoa.v1.ControlService/StopSearch'])
    for (const path of control) expect(mayCall(accessRules, 'operator', path)).toBe(true)
  })

  it('let nobody call what they do not name', () => {
    const names = fc.oneof(fc.string(), fc.constantFrom('constructor', '__proto__', 'toString', '/nasoa.v1.ControlService/Reset', '/nasoa.v1.controlservice/getsearch'))
    fc.assert(
      fc.property(fc.constantFrom(...roles), names.filter((path) => !Object.hasOwn(accessRules, path)), (role, path) => {
        expect(mayCall(accessRules, role, path)).toBe(false)
        expect(() => requireAccess(accessRules, { role, name: 'a' }, path)).toThrow(PermissionDeniedError)
      }),
    )
  })

  it('let coordinators, who are servers, call nothing', () => {
    expect(Object.keys(accessRules).filter((path) => mayCall(accessRules, 'coordinator', path))).toEqual([])
  })
})

describe('the identity of a peer', () => {
  const peer = (subject: object | undefined, transportSecurityType = 'ssl') =>
    peerIdentity({ getAuthContext: () => ({ transportSecurityType, sslPeerCertificate: { subject } as never }) })

  it('is the name and the role of its certificate', () => {
    expect(peer({ CN: 'gpu-1', OU: 'worker' })).toEqual({ name: 'gpu-1', role: 'worker' })
  })

  it('is unknown without TLS', () => {
    expect(peer(undefined, '')).toBeNull()
    expect(peerIdentity({ getAuthContext: () => null })).toBeNull()
  })

  it.each([
    ['no role', { CN: 'a' }],
    ['no name', { OU: 'worker' }],
    ['two roles', { CN: 'a', OU: ['viewer', 'operator'] }],
    ['two names', { CN: ['a', 'b'], OU: 'viewer' }],
    ['an unknown role', { CN: 'a', OU: 'root' }],
    ['no subject', undefined],
  ])('is refused with %s', (_name, subject) => {
    expect(() => peer(subject)).toThrow(PermissionDeniedError)
  })

  it('scopes the ids of workers, so that no certificate reaches those of another', () => {
    const identifier = fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,10}$/)
    fc.assert(
      fc.property(identifier, identifier, identifier, identifier, (a, b, x, y) => {
        const equal = scopedWorkerId({ name: a, role: 'worker' }, x) === scopedWorkerId({ name: b, role: 'worker' }, y)
        expect(equal).toBe(a === b && x === y)
      }),
    )
    expect(scopedWorkerId(null, 'x')).toBe('x')
  })
})
