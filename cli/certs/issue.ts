import { AuthorityFolder } from '../../shared/security/authority-folder.js'
import { isRole, roles } from '../../shared/security/role.js'
import { UsageError, printJson, printStatus } from '../output.js'
import { listOf } from '../option-values.js'

export interface IssueOptions {
  readonly role: string
  readonly name: string
  readonly days: number
  readonly hosts: string
  readonly authority: string
  readonly output: string | undefined
  readonly force: boolean
  readonly json: boolean
}

export async function issue(options: IssueOptions): Promise<void> {
  const { role, name, days, hosts, authority, output, force, json } = options
  if (!isRole(role)) throw new UsageError(`--role must be one of ${roles.join(', ')}, got '${role}'`)
  const request = { role, name, days, hosts: listOf(hosts) }
  const files = await new AuthorityFolder(authority).issue(request, output ?? authority, Date.now(), force)
  if (json) printJson({ role, name, ...files })
  else printStatus(`${files.certificate} for the ${role} ${name}, valid for ${days} days; its key: ${files.key}`)
}
