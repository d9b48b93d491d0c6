import { PermissionDeniedError } from '../rpc/errors.js'
import type { Identity, Role } from './role.js'

/** Path of a method (`/package.Service/Method`) and who may call it. A method that is not listed is nobody's. */
export type AccessRules = Readonly<Record<string, readonly Role[]>>

const anybody: readonly Role[] = ['viewer', 'operator', 'worker']
const people: readonly Role[] = ['viewer', 'operator']

export const accessRules: AccessRules = {
  '/nasoa.v1.WorkerService/Register': ['worker'],
  '/nasoa.v1.WorkerService/LeaseJob': ['worker'],
  '/nasoa.v1.WorkerService/Heartbeat': ['worker'],
  '/nasoa.v1.WorkerService/ReportProgress': ['worker'],
  '/nasoa.v1.WorkerService/CompleteJob': ['worker'],
  '/nasoa.v1.WorkerService/Deregister': ['worker'],
  '/nasoa.v1.RenewalService/Renew': ['worker'],
  '/nasoa.v1.ControlService/GetSearch': people,
  '/nasoa.v1.ControlService/WatchSearch': people,
  '/nasoa.v1.ControlService/ListCandidates': people,
  '/nasoa.v1.ControlService/ListWorkers': people,
  '/nasoa.v1.ControlService/ListJobs': people,
  '/nasoa.v1.ControlService/SummarizeFailures': people,
  '/nasoa.v1.ControlService/CordonWorker': ['operator'],
  '/nasoa.v1.ControlService/StopSearch': ['operator'],
  '/grpc.health.v1.Health/Check': anybody,
  '/grpc.health.v1.Health/Watch': anybody,
  '/grpc.health.v1.Health/List': people,
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': people,
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': people,
}

export function mayCall(rules: AccessRules, role: Role, method: string): boolean {
  return Object.hasOwn(rules, method) && rules[method].includes(role)
}

/** @throws PermissionDeniedError naming who calls, what, and which roles may */
export function requireAccess(rules: AccessRules, identity: Identity, method: string): void {
  if (mayCall(rules, identity.role, method)) return
  const allowed = Object.hasOwn(rules, method) ? `needs the role ${rules[method].join(' or ')}` : 'is open to nobody'
  throw new PermissionDeniedError(`${identity.name} has the role ${identity.role}; ${method} ${allowed}`, { role: identity.role, method })
}
