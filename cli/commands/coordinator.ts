import type { Argv, CommandModule } from 'yargs'
import { type GlobalOptions, printJson, printStatus } from '../output.js'

interface CoordinatorArguments extends GlobalOptions {
  readonly config: string
  readonly output: string
  readonly listen: string | undefined
  readonly metrics: string | undefined
  readonly insecure: boolean
  readonly exitWhenDone: boolean
}

export const coordinator: CommandModule<GlobalOptions, CoordinatorArguments> = {
  command: 'coordinator',
  describe: 'Serve a search: propose candidates, lease them to workers, keep the results',
  builder: (yargs) =>
    yargs
      .option('config', { type: 'string', demandOption: true, describe: "The search's YAML file; `nasoa demo --print-config` shows one" })
      .option('output', { type: 'string', demandOption: true, describe: "The search's folder; a search found there is continued" })
      .option('listen', { type: 'string', describe: "host:port for workers and clients, port 0 = any free one; default: the config's" })
      .option('metrics', { type: 'string', describe: "host:port of /metrics and /healthz; default: the config's" })
      .option('insecure', { type: 'boolean', default: false, describe: 'Listen where other machines can connect, without TLS' })
      .option('exit-when-done', { type: 'boolean', default: false, describe: 'End once the search is over, instead of serving its results' })
      .example('$0 coordinator --config search.yaml --output my-search --listen 127.0.0.1:7040 --metrics 127.0.0.1:9040', 'workers join with `nasoa worker`')
      .example('$0 coordinator --config search.yaml --output my-search', 'goes on with the search of that folder') as unknown as Argv<CoordinatorArguments>,
  handler: async (given) => {
    const { loadSearchConfig } = await import('../../shared/config/search-config.js')
    const { config } = loadSearchConfig(given.config)
    const { endRequested } = await import('../cluster/process-lifetime.js')
    const ended = endRequested()
    const { localDataset } = await import('../cluster/local-dataset.js')
    const dataset = await localDataset(config)
    const { createLogger } = await import('../../shared/logging.js')
    const { startCoordinator } = await import('../../coordinator/coordinator.js')
    const { output: directory, listen, metrics, insecure } = given
    const running = await startCoordinator({ config, directory, dataset, listen, metrics, insecure, logger: createLogger('coordinator', given.verbose) })
    const { address, metricsAddress } = running
    if (given.json) printJson({ address, metricsAddress })
    else printStatus(`serving on ${address}${metricsAddress === null ? '' : `, metrics on http://${metricsAddress}/metrics`}; workers join with: nasoa worker --coordinator ${address}`)
    void running.finished.then(({ status, statusReason }) => {
      if (!given.json) printStatus(`the search is ${status}: ${statusReason}; results: nasoa zoo ${directory}`)
    })
    const request = await Promise.race([ended, ...(given.exitWhenDone ? [running.finished.then(() => 'done' as const)] : [])])
    await running.close()
    if (request === 'interrupted') process.exitCode = 130
  },
}
