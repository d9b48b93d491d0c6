import type { CommandModule } from 'yargs'
import { bench } from './bench.js'
import { doctor } from './doctor.js'
import { setup } from './setup.js'
import { train } from './train.js'

/** Every command of the program. A command's own file holds its options and help; what is heavy is imported by its handler. */
export const commands = [bench, doctor, setup, train] as unknown as CommandModule[]
