import type { CommandModule } from 'yargs'
import { type GlobalOptions } from '../output.js'
import { status, stop } from './search/control.js'
import { estimate } from './search/estimate.js'

interface RunArguments extends GlobalOptions {
  readonly config: string
  readonly output: string
}

interface ResumeArguments extends GlobalOptions {
  readonly directory: string
}

const run: CommandModule<GlobalOptions, RunArguments> = {
  command: 'run',
  describe: 'Start the search that a config file describes, with its local workers, and follow it to its end',
  builder: (yargs) =>
    yargs
      .option('config', { type: 'string', demandOption: true, requiresArg: true, describe: 'YAML file; `nasoa demo --print-config` shows one' })
      .option('output', { type: 'string', demandOption: true, requiresArg: true, describe: 'New folder for the search: store, logs, zoo' })
      .example('$0 search run --config my-search.yaml --output my-search', 'run a search'),
  handler: async ({ config, output, json, verbose }) => {
    const { loadSearchConfig } = await import('../../shared/config/search-config.js')
    const { SearchFolder } = await import('../search/search-folder.js')
    const { runAndReport } = await import('../search/report-run.js')
    const { readSources } = await import('../../coordinator/warm-start/read-source.js')
    const file = loadSearchConfig(config)
    // What cannot be read is said before there is a folder.
    readSources(file.config.search.warmStart)
    await runAndReport(SearchFolder.create(output, file), { json, verbose })
  },
}

const resume: CommandModule<GlobalOptions, ResumeArguments> = {
  command: 'resume <directory>',
  describe: 'Continue a search that was ended before its budget was used up; nothing finished is trained again',
  builder: (yargs) =>
    yargs
      .positional('directory', { type: 'string', demandOption: true, describe: 'Folder of the search' })
      .example('$0 search resume my-search', 'go on where the search was ended'),
  handler: async ({ directory, json, verbose }) => {
    const { SearchFolder } = await import('../search/search-folder.js')
    const { runAndReport } = await import('../search/report-run.js')
    await runAndReport(SearchFolder.open(directory), { json, verbose })
  },
}

export const search: CommandModule<GlobalOptions, GlobalOptions> = {
  command: 'search',
  describe: 'Run searches',
  builder: (yargs) => yargs.command(run).command(resume).command(estimate).command(status).command(stop).demandCommand(1, 'name what to do: run, resume, estimate, status or stop'),
  handler: () => undefined,
}
