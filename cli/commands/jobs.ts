import type { Argv, CommandModule } from 'yargs'
import { endpointOptions, type EndpointWords } from '../cluster/endpoint.js'
import { tlsOptions } from '../cluster/tls-options.js'
import { type GlobalOptions, printJson } from '../output.js'

interface JobsArguments extends GlobalOptions, EndpointWords {
  readonly directory: string | undefined
  readonly failed: boolean
}

export const jobs: CommandModule<GlobalOptions, JobsArguments> = {
  command: 'jobs [directory]',
  describe: 'List the jobs of a search and why they are as they are; failures by reason',
  builder: (yargs) =>
    yargs
      .positional('directory', { type: 'string', describe: 'Folder of the search, running or not; or name its coordinator' })
      .option('failed', { type: 'boolean', default: false, describe: 'Only jobs of which an attempt failed' })
      .options(endpointOptions)
      .options(tlsOptions)
      .example('$0 jobs my-search --failed', 'what went wrong, by reason')
      .example('$0 jobs --coordinator 127.0.0.1:7040 --json', 'all jobs of a running search, for programs') as unknown as Argv<JobsArguments>,
  handler: async (given) => {
    const { findJobs } = await import('../jobs/find-jobs.js')
    const { jobsTable } = await import('../jobs/jobs-table.js')
    const found = await findJobs(given)
    if (given.json) printJson(found)
    else process.stdout.write(`${jobsTable(found)}\n`)
  },
}
