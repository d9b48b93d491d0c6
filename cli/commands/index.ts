import type { CommandModule } from 'yargs'
import { doctor } from './doctor.js'
import { setup } from './setup.js'

/** Every command of the program. A command's own file holds its options and help; what is heavy is imported by its handler. */
export const commands = [doctor, setup] as unknown as CommandModule[]
