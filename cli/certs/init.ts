import { AuthorityFolder } from '../../shared/security/authority-folder.js'
import { printJson, printStatus } from '../output.js'
import { listOf } from '../option-values.js'

export interface InitOptions {
  readonly output: string
  readonly hosts: string
  readonly days: number
  readonly force: boolean
  readonly json: boolean
}

const longestServerDays = 365

export async function initAuthority({ output, hosts, days, force, json }: InitOptions): Promise<void> {
  const folder = new AuthorityFolder(output)
  const nowMs = Date.now()
  await folder.create('nasoa-authority', days, nowMs, force)
  const request = { role: 'coordinator', name: 'coordinator', hosts: listOf(hosts), days: Math.min(days, longestServerDays) } as const
  const coordinator = await folder.issue(request, output, nowMs, force)
  if (json) printJson({ authority: folder.certificatePath, coordinator })
  else {
    printStatus(`${folder.certificatePath}: the authority's certificate, for every machine; ca.key beside it must stay here`)
    printStatus(`${coordinator.certificate}: the coordinator's, with its key`)
    printStatus(`next: nasoa certs issue --role worker --name NAME --authority ${output}, and --role operator for yourself`)
  }
}
