import { join } from 'node:path'
import type { CommandModule } from 'yargs'
import { integersOf, requireInteger, seeds as seedRange } from '../../option-values.js'
import { type GlobalOptions, UsageError, printJson, printStatus } from '../../output.js'

interface BenchRungsArguments extends GlobalOptions {
  readonly config: string | undefined
  readonly seeds: string
  readonly share: number
  readonly threads: number
  readonly minutes: number | undefined
}

export const benchRungs: CommandModule<GlobalOptions, BenchRungsArguments> = {
  command: 'rungs',
  describe: 'Compare a search whose candidates climb rungs with one that trains each of them to the end, on the built-in digits',
  builder: (yargs) =>
    yargs
      .options({
        config: { type: 'string', requiresArg: true, describe: 'A search with rungs; default: deploy/examples/rungs.yaml. The whole trainings are its candidates' },
        seeds: { type: 'string', requiresArg: true, default: '1,2,3', describe: 'Seeds of the searches, separated by commas' },
        share: { type: 'number', requiresArg: true, default: 0.5, describe: "Share of the whole trainings' seconds that the rungs may spend" },
        minutes: { type: 'number', requiresArg: true, describe: 'Of each seed: begin no whole training that would start later; default: all of them' },
        threads: { type: 'number', requiresArg: true, default: 1, describe: 'Processor threads: processor time is compared, of which several threads waste some waiting for each other' },
      })
      .example('$0 bench rungs --json', 'the table of docs/rungs.md'),
  handler: async ({ config: path, seeds, share, threads, minutes, json }) => {
    const { loadSearchConfig } = await import('../../../shared/config/search-config.js')
    const { packageRoot } = await import('../../../shared/package-root.js')
    const { InvalidInputError } = await import('../../../shared/errors.js')
    const { builtinDigits } = await import('../../../shared/training/specification.js')
    const list = integersOf('seeds', seeds, seedRange)
    requireInteger('threads', threads, [1, 1024])
    if (!(share > 0 && share <= 1)) throw new UsageError(`--share must be above 0 and at most 1, got ${share}`)
    const { config } = loadSearchConfig(path ?? join(packageRoot(), 'deploy/examples/rungs.yaml'))
    if (config.rungs === undefined) throw new InvalidInputError(`the search '${config.name}' has no rungs to compare: give its config a list 'rungs'`)
    if (config.data.directory !== builtinDigits) throw new InvalidInputError(`this comparison is on ${builtinDigits}: name it as the data of the config`)
    const { tensorFlowEngine } = await import('../../../worker/trainer/tensorflow-engine.js')
    const { runBothSearches } = await import('../../../bench/rungs/bench-rungs.js')
    const { compareSearches } = await import('../../../bench/rungs/compare-searches.js')
    const { tableOf } = await import('../../../bench/rungs/rung-report.js')
    const engine = await tensorFlowEngine(threads, printStatus)
    const runs = []
    for (const seed of list) runs.push(await runBothSearches({ config, seed, share, limitMs: minutes === undefined ? Infinity : minutes * 60_000, engine, progress: printStatus }))
    const comparison = compareSearches(runs)
    if (json) printJson({ device: engine.device.deviceClass, tensorflow: engine.device.tensorflow, share, runs, ...comparison })
    else process.stdout.write(`${tableOf(runs, comparison)}\n`)
  },
}
