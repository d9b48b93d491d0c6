import type { CommandModule } from 'yargs'
import { integersOf, requireInteger } from '../../option-values.js'
import { type GlobalOptions, UsageError, printJson, printStatus } from '../../output.js'

const algorithms = ['nasoa', 'nsga2', 'random'] as const

interface BenchSearchArguments extends GlobalOptions {
  readonly table: string
  readonly genes: string | undefined
  readonly maximize: string
  readonly minimize: string
  readonly evaluations: number
  readonly seeds: number
  readonly algorithm: (typeof algorithms)[number]
  readonly checkpoints: string | undefined
}

const text = { type: 'string', requiresArg: true } as const
const number = { type: 'number', requiresArg: true } as const

export const benchSearch: CommandModule<GlobalOptions, BenchSearchArguments> = {
  command: 'search',
  describe: 'Compare search algorithms on a table of evaluated networks, by hypervolume',
  builder: (yargs) =>
    yargs
      .options({
        table: { ...text, demandOption: true, describe: 'CSV file with a header, or JSON file {"0121": {"accuracy": 0.9, ...}, ...}' },
        genes: { ...text, describe: 'Gene columns of a CSV table, comma-separated; a JSON table has its genes in its keys' },
        maximize: { ...text, demandOption: true, describe: 'Column to maximise' },
        minimize: { ...text, demandOption: true, describe: 'Column to minimise' },
        evaluations: { ...number, demandOption: true, describe: 'Rows a search may look up' },
        seeds: { ...number, default: 10, describe: 'Repetitions, with seeds 0, 1, 2, ...' },
        algorithm: { choices: algorithms, default: 'nasoa' as const, describe: 'How candidates are chosen' },
        checkpoints: { ...text, describe: 'Report after these numbers of evaluations too, comma-separated' },
      })
      .example('$0 bench search --table cifar10.json --maximize mean_acc --minimize flops --evaluations 200', 'NAS-Bench-Macro, ten seeds')
      .example('$0 bench search --table t.csv --genes k,e,d --maximize top1 --minimize ms --evaluations 100 --algorithm nsga2 --json', 'a table of your own'),
  handler: async ({ json, table: path, genes, maximize, minimize, evaluations, seeds, algorithm, checkpoints }) => {
    requireInteger('evaluations', evaluations, [1, 1_000_000])
    requireInteger('seeds', seeds, [1, 10_000])
    const { readSearchTable } = await import('../../../bench/search/read-table.js')
    const { benchSearchTable } = await import('../../../bench/search/bench-search.js')
    const table = readSearchTable(path, { genes: genes?.split(',').map((gene) => gene.trim()) ?? [], maximize, minimize })
    if (table.rows.length < evaluations) {
      throw new UsageError(`${path} has ${table.rows.length} different networks, fewer than --evaluations ${evaluations}; ask for at most that many`)
    }
    const counts = [...new Set([...(checkpoints === undefined ? [] : integersOf('checkpoints', checkpoints, [1, evaluations])), evaluations])].sort((a, b) => a - b)
    const trace = await benchSearchTable(table, { algorithm, checkpoints: counts, seeds })
    const last = trace[trace.length - 1]
    if (json) printJson({ hypervolume: last.hypervolume, evaluations, algorithm, seeds, ...(counts.length > 1 ? { trace } : {}) })
    else for (const { evaluations: count, hypervolume } of trace) printStatus(describe(algorithm, count, seeds, hypervolume))
  },
}

function describe(algorithm: string, evaluations: number, seeds: number, { mean, std }: { readonly mean: number; readonly std: number }): string {
  return `${algorithm}, ${evaluations} evaluations, ${seeds} seeds: hypervolume ${mean.toFixed(4)} +- ${std.toFixed(4)}`
}
