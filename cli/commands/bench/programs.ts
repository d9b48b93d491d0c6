import type { CommandModule } from 'yargs'
import { type GlobalOptions, printJson, printStatus } from '../../output.js'
import { requireInteger } from '../../option-values.js'

interface BenchProgramsArguments extends GlobalOptions {
  readonly count: number
  readonly encoding: string
}

export const benchPrograms: CommandModule<GlobalOptions, BenchProgramsArguments> = {
  command: 'programs',
  describe: 'Build, run and drop many programs in one process, and measure how its memory grows',
  builder: (yargs) =>
    yargs
      .option('count', { type: 'number', requiresArg: true, default: 1000, describe: 'Programs, one after the other' })
      .option('encoding', { type: 'string', requiresArg: true, default: '031-_8_1-2', describe: 'The network' })
      .example('$0 bench programs --count 1000 --json', 'growth in KiB a program'),
  handler: async ({ count, encoding, json }) => {
    requireInteger('count', count, [1, 1_000_000])
    const { interruptible } = await import('../../data/interruptible.js')
    const { benchPrograms: measure } = await import('../../../bench/programs/bench-programs.js')
    const progress = (done: number, rssMib: number): void => {
      if (done % 50 === 0) printStatus(`${done} of ${count} programs, ${rssMib.toFixed(0)} MiB`)
    }
    const result = await interruptible((signal) => measure({ count, encoding, progress, signal }))
    if (result === null) return
    if (json) return printJson({ encoding, ...result })
    printStatus(`${result.programs} programs in ${result.seconds} s: ${result.rssMib.warm} MiB after the first tenth, ${result.rssMib.end} at the end, ${result.growthKib} KiB a program`)
  },
}
