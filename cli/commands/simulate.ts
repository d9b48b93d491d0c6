import type { CommandModule } from 'yargs'
import { requireInteger, seeds } from '../option-values.js'
import { type GlobalOptions, printJson } from '../output.js'

interface SimulateArguments extends GlobalOptions {
  readonly config: string
  readonly seed: number | undefined
  readonly log: string | undefined
}

export const simulate: CommandModule<GlobalOptions, SimulateArguments> = {
  command: 'simulate',
  describe: 'Run a search on a simulated cluster: how long it takes, how many GPU hours, how well they are used',
  builder: (yargs) =>
    yargs
      .option('config', { type: 'string', demandOption: true, requiresArg: true, describe: "A search's config with a section `simulation`" })
      .option('seed', { type: 'number', requiresArg: true, describe: "Instead of the config's; equal seeds give equal simulations" })
      .option('log', { type: 'string', requiresArg: true, describe: 'Write what happens to this file, one JSON object a line' })
      .example('$0 simulate --config deploy/examples/simulate-450.yaml', '450 workers for a week')
      .example('$0 simulate --config deploy/examples/simulate-450-surrogate.yaml', 'the same with the default search')
      .example('$0 simulate --config my-search.yaml --seed 2 --json', 'the figures for a program'),
  handler: async ({ config: path, seed, log, json }) => {
    if (seed !== undefined) requireInteger('seed', seed, seeds)
    const { loadSimulationConfig } = await import('../../simulator/simulation-config.js')
    const written = loadSimulationConfig(path)
    const config = seed === undefined ? written : { ...written, seed }
    const { runSimulation } = await import('../simulate/run-simulation.js')
    const { report, wallSeconds, interrupted } = await runSimulation(config, log)
    if (json) printJson({ ...report, wallSeconds })
    else {
      const { simulationTable } = await import('../simulate/simulation-table.js')
      process.stdout.write(`${simulationTable(report, wallSeconds)}\n`)
    }
    if (interrupted) process.exitCode = 130
  },
}
