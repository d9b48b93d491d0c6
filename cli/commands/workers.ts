import type { Argv, CommandModule } from 'yargs'
import { endpointOptions, type EndpointWords } from '../cluster/endpoint.js'
import { tlsOptions } from '../cluster/tls-options.js'
import { type GlobalOptions, printJson } from '../output.js'

interface WorkersArguments extends GlobalOptions, EndpointWords {
  readonly action: 'list' | 'cordon' | 'uncordon'
  readonly worker: string | undefined
  readonly reason: string
}

export const workers: CommandModule<GlobalOptions, WorkersArguments> = {
  command: 'workers [action] [worker]',
  describe: 'List the workers of a search, take one out of service, or put it back',
  builder: (yargs) =>
    yargs
      .positional('action', { choices: ['list', 'cordon', 'uncordon'] as const, default: 'list' as const, describe: 'A cordoned worker gets no further jobs' })
      .positional('worker', { type: 'string', describe: 'Name or id of the worker' })
      .option('reason', { type: 'string', default: '', requiresArg: true, describe: 'Shown beside a cordoned worker' })
      .options(endpointOptions)
      .options(tlsOptions)
      .example('$0 workers --coordinator 127.0.0.1:7040', 'who is there, and what they do')
      .example('$0 workers uncordon gpu-7 --coordinator 127.0.0.1:7040', 'after it has been mended') as unknown as Argv<WorkersArguments>,
  handler: async (given) => {
    const { performOnWorkers } = await import('../jobs/perform-on-workers.js')
    const { document, text } = await performOnWorkers(given)
    if (given.json) printJson(document)
    else process.stdout.write(`${text}\n`)
  },
}
