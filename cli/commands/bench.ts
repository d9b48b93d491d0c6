import type { CommandModule } from 'yargs'
import type { GlobalOptions } from '../output.js'
import { benchAsk } from './bench/ask.js'
import { benchDispatch } from './bench/dispatch.js'
import { benchLoader } from './bench/loader.js'
import { benchPhases } from './bench/phases.js'
import { benchPrograms } from './bench/programs.js'
import { benchRungs } from './bench/rungs.js'
import { benchSearch } from './bench/search.js'
import { benchStepTime } from './bench/step-time.js'
import { benchTrain } from './bench/train.js'

export const bench: CommandModule<GlobalOptions, GlobalOptions> = {
  command: 'bench <what>',
  describe: 'Measure parts of the system',
  builder: (yargs) => yargs.command(benchAsk).command(benchDispatch).command(benchLoader).command(benchPhases).command(benchPrograms).command(benchRungs).command(benchSearch).command(benchStepTime).command(benchTrain).demandCommand(1, 'name what to measure; `nasoa bench --help` lists it').strict(),
  handler: () => undefined,
}
