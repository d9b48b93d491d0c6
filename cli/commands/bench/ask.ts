import type { CommandModule } from 'yargs'
import { integersOf, requireInteger, seeds } from '../../option-values.js'
import { type GlobalOptions, printJson, printStatus } from '../../output.js'

interface BenchAskArguments extends GlobalOptions {
  readonly results: string
  readonly 'in-flight': number
  readonly candidates: number
  readonly seed: number
}

const number = { type: 'number', requiresArg: true } as const

export const benchAsk: CommandModule<GlobalOptions, BenchAskArguments> = {
  command: 'ask',
  describe: 'How long the model-assisted search takes for a proposal, by the number of results it knows',
  builder: (yargs) =>
    yargs
      .options({
        results: { type: 'string', requiresArg: true, default: '200,2000', describe: 'Numbers of known results, comma-separated' },
        'in-flight': { ...number, default: 64, describe: 'Candidates in flight' },
        candidates: { ...number, default: 200, describe: 'Results told one by one, with an ask after each' },
        seed: { ...number, default: 0 },
      })
      .example('$0 bench ask --results 100000 --json', 'a hundred thousand results')
      .example('$0 bench ask --results 50 --candidates 100000', 'told one by one, for half an hour'),
  handler: async ({ json, results, 'in-flight': inFlight, candidates, seed }) => {
    const counts = integersOf('results', results, [50, 1_000_000])
    requireInteger('inFlight', inFlight, [1, 10_000])
    requireInteger('candidates', candidates, [1, 10_000_000])
    requireInteger('seed', seed, seeds)
    const { benchAsk: measureAsks } = await import('../../../bench/ask/bench-ask.js')
    const { holdProcess } = await import('../../../shared/discovery/hold-process.js')
    const rows = []
    for (const count of counts) {
      const row = await holdProcess(measureAsks({ results: count, inFlight, candidates, seed, progress: (done) => printStatus(`${count} results: ${done} of ${candidates} candidates`) }))
      rows.push(row)
      const { askMs, askMsByTenth, eventLoopMs, candidatesPerSecond, processorMs, fitMs } = row
      if (!json) {
        printStatus(
          `${count} results: ask ${askMs.p50.toFixed(1)} ms (p99 ${askMs.p99.toFixed(0)}, longest ${askMs.max.toFixed(0)}), ${candidatesPerSecond.toFixed(0)} candidates/s, ` +
            `${processorMs.toFixed(1)} ms of processor time each, event loop late by ${eventLoopMs.max.toFixed(0)} ms at most, fit ${fitMs === null ? 'none' : `${fitMs.toFixed(0)} ms`}; median of each tenth: ${askMsByTenth.map((ms) => ms.toFixed(1)).join(', ')} ms`,
        )
      }
    }
    if (json) printJson({ rows })
  },
}
