import type { Argv, CommandModule } from 'yargs'
import { endpointOptions, type EndpointWords } from '../../cluster/endpoint.js'
import { tlsOptions } from '../../cluster/tls-options.js'
import type { GlobalOptions } from '../../output.js'

type ControlArguments = GlobalOptions & EndpointWords

interface StopArguments extends ControlArguments {
  readonly reason: string
  readonly cancel: boolean
}

export const status: CommandModule<GlobalOptions, ControlArguments> = {
  command: 'status',
  describe: 'Show how a search stands, and its workers; for viewers and operators',
  builder: (yargs) =>
    yargs
      .options(endpointOptions)
      .options(tlsOptions)
      .example('$0 search status --coordinator head-1:7040 --tls ada/ada.crt', 'a coordinator that asks for a certificate') as unknown as Argv<ControlArguments>,
  handler: async (given) => (await import('../../cluster/control.js')).showStatus(given),
}

export const stop: CommandModule<GlobalOptions, StopArguments> = {
  command: 'stop',
  describe: 'End a search for good, its running trainings finished or cancelled; for operators',
  builder: (yargs) =>
    yargs
      .options(endpointOptions)
      .options(tlsOptions)
      .option('reason', { type: 'string', default: '', describe: 'Kept with the search' })
      .option('cancel', { type: 'boolean', default: false, describe: 'Cancel running trainings instead of letting them finish' })
      .example('$0 search stop --discovery discovery.yaml --tls ada/ada.crt --reason enough', 'running trainings are finished') as unknown as Argv<StopArguments>,
  handler: async (given) => (await import('../../cluster/control.js')).stopSearch(given),
}
