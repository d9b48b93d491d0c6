import type { CommandModule } from 'yargs'
import type { GlobalOptions } from '../output.js'
import { benchTrain } from './bench/train.js'

export const bench: CommandModule<GlobalOptions, GlobalOptions> = {
  command: 'bench <what>',
  describe: 'Measure parts of the system',
  builder: (yargs) => yargs.command(benchTrain).demandCommand(1, 'name what to measure; `nasoa bench --help` lists it').strict(),
  handler: () => undefined,
}
