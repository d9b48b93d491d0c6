import type { CommandModule } from 'yargs'
import { integersOf, requireInteger } from '../../option-values.js'
import { type GlobalOptions, printJson } from '../../output.js'

interface BenchPhasesArguments extends GlobalOptions {
  readonly config: string | undefined
  readonly candidates: string
  readonly seeds: number
  readonly 'in-flight': number
}

const number = { type: 'number', requiresArg: true } as const

export const benchPhases: CommandModule<GlobalOptions, BenchPhasesArguments> = {
  command: 'phases',
  describe: 'Compare a search in its default phases with one in which everything may change from the start, on simulated trainings',
  builder: (yargs) =>
    yargs
      .options({
        config: { type: 'string', requiresArg: true, describe: 'A search: its space, algorithm and population; default: those of a search that names none' },
        candidates: { type: 'string', requiresArg: true, default: '48,100,200', describe: 'Numbers of candidates, comma-separated' },
        seeds: { ...number, default: 10, describe: 'Searches of each kind' },
        'in-flight': { ...number, default: 4, describe: 'Candidates in flight' },
      })
      .example('$0 bench phases --config deploy/examples/demo.yaml --json', 'in the space of the demo'),
  handler: async ({ config: path, candidates, seeds, 'in-flight': inFlight, json }) => {
    const counts = integersOf('candidates', candidates, [4, 1_000_000])
    requireInteger('seeds', seeds, [1, 10_000])
    requireInteger('inFlight', inFlight, [1, 10_000])
    const { loadSearchConfig, searchConfigSchema } = await import('../../../shared/config/search-config.js')
    const { comparePhases } = await import('../../../bench/phases/compare-phases.js')
    const config = path === undefined ? searchConfigSchema.parse({ data: { directory: 'none' } }) : loadSearchConfig(path).config
    const rows = []
    for (const count of counts) {
      const row = comparePhases({ config, candidates: count, seeds, inFlight })
      rows.push(row)
      const { budgets, phased, joint, standardError, ahead } = row
      const named = budgets.length === 0 ? 'no phases' : `phases of ${budgets.join(', ')}, then joint`
      if (!json) process.stdout.write(`${count} candidates: ${named}: hypervolume ${phased.toFixed(4)}, joint only ${joint.toFixed(4)} (difference's standard error ${standardError.toFixed(4)}), ahead in ${ahead} of ${seeds}\n`)
    }
    if (json) printJson({ algorithm: config.search.algorithm, rows })
  },
}
