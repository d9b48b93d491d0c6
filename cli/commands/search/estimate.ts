import type { CommandModule } from 'yargs'
import type { GlobalOptions } from '../../output.js'

interface EstimateArguments extends GlobalOptions {
  readonly config: string
  readonly calibration: string | undefined
  readonly measure: number | undefined
  readonly slots: number | undefined
  readonly 'time-column': string
  readonly overhead: string
}

export const estimate: CommandModule<GlobalOptions, EstimateArguments> = {
  command: 'estimate <config>',
  describe: 'Say how many GPU hours a search would take, before it runs, from step times that were measured',
  builder: (yargs) =>
    yargs
      .positional('config', { type: 'string', demandOption: true, describe: "The search's config: a YAML file" })
      .options({
        calibration: { type: 'string', requiresArg: true, describe: 'Folder of an earlier search, or CSV table of timed networks; several are separated by commas' },
        measure: { type: 'number', requiresArg: true, describe: 'Time so many networks of the space on this machine, such as 6' },
        slots: { type: 'number', requiresArg: true, describe: "Trainings at a time; default: the config's local workers and slots" },
        'time-column': { type: 'string', requiresArg: true, default: 'step_ms', describe: 'Column of a table with the times, in milliseconds a training step' },
        overhead: { type: 'string', requiresArg: true, default: '10s', describe: 'What a training takes beside its steps, where only a table tells how long steps take' },
      })
      .example('$0 search estimate my-search.yaml --calibration last-search --slots 8', 'from what an earlier search has measured')
      .example('$0 search estimate my-search.yaml --calibration timed.csv --time-column train_step_ms', 'from a table; columns encoding and, where they differ from the config, batch, resolution, classes, precision, device_class')
      .example('$0 search estimate my-search.yaml --measure 6 --json', 'from networks that are timed here and now'),
  handler: async ({ 'time-column': timeColumn, ...given }) => (await import('../../search/estimate/run-estimate.js')).runEstimate({ ...given, timeColumn }),
}
