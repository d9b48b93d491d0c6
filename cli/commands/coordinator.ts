import type { Argv, CommandModule } from 'yargs'
import type { RunningCoordinator } from '../../coordinator/coordinator.js'
import { tlsOptions, type TlsWords } from '../cluster/tls-options.js'
import { type GlobalOptions, printJson, printStatus } from '../output.js'

interface CoordinatorArguments extends GlobalOptions, TlsWords {
  readonly config: string
  readonly output: string
  readonly listen: string | undefined
  readonly metrics: string | undefined
  readonly insecure: boolean
  readonly authority: string | undefined
  readonly discovery: string | undefined
  readonly advertise: string | undefined
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
      .options(tlsOptions)
      .option('authority', { type: 'string', requiresArg: true, describe: 'Folder of the authority (nasoa certs init); with it, machines join with a token' })
      .option('discovery', { type: 'string', requiresArg: true, describe: 'Discovery config by which others find this coordinator; with etcd, several stand by for each other' })
      .option('advertise', { type: 'string', requiresArg: true, describe: 'host:port that others reach it by, where that is not what it listens on' })
      .option('insecure', { type: 'boolean', default: false, describe: 'Listen where other machines can connect, without TLS' })
      .option('exit-when-done', { type: 'boolean', default: false, describe: 'End once the search is over, instead of serving its results' })
      .example('$0 coordinator --config search.yaml --output my-search --listen 127.0.0.1:7040 --metrics 127.0.0.1:9040', 'workers join with `nasoa worker`')
      .example('$0 coordinator --config search.yaml --output my-search --listen 0.0.0.0:7040 --tls certs/coordinator.crt', 'workers on other machines')
      .example('$0 coordinator --config search.yaml --output my-search', 'goes on with the search of that folder') as unknown as Argv<CoordinatorArguments>,
  handler: async (given) => {
    const { loadSearchConfig } = await import('../../shared/config/search-config.js')
    const { config } = loadSearchConfig(given.config)
    const { endRequested } = await import('../cluster/process-lifetime.js')
    const ended = endRequested()
    const { localDataset } = await import('../cluster/local-dataset.js')
    const dataset = await localDataset(config)
    const { createLogger } = await import('../../shared/logging.js')
    const { openAuthority, revocationListOf, watchedTlsOf } = await import('../cluster/tls-options.js')
    const { serve } = await import('../cluster/serve.js')
    const { output: directory, listen, metrics, insecure, discovery, advertise } = given
    const ending = new AbortController()
    let wasInterrupted = false
    void ended.then((why) => {
      wasInterrupted = why === 'interrupted'
      ending.abort()
    })
    const onServing = ({ address, metricsAddress, finished }: RunningCoordinator): void => {
      if (given.json) printJson({ address, metricsAddress })
      else printStatus(`serving on ${address}${metricsAddress === null ? '' : `, metrics on http://${metricsAddress}/metrics`}; workers join with: nasoa worker --coordinator ${address}`)
      void finished.then(({ status, statusReason }) => {
        if (!given.json) printStatus(`the search is ${status}: ${statusReason}; results: nasoa zoo ${directory}`)
        if (given.exitWhenDone) ending.abort()
      })
    }
    const onStandby = (why: string): void => {
      if (!given.json) printStatus(`standing by: ${why}`)
    }
    const logger = createLogger('coordinator', given.verbose)
    const watchedTls = watchedTlsOf(given, 'server', logger) ?? undefined
    const revocationList = revocationListOf(given)
    const authority = await openAuthority(given.authority, watchedTls?.current ?? null)
    await serve({ config, directory, dataset, listen, metrics, insecure, watchedTls, revocationList, authority, discovery, advertise, logger, onStandby, onServing, signal: ending.signal })
    if (wasInterrupted) process.exitCode = 130
  },
}
