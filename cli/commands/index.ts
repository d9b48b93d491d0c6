import type { CommandModule } from 'yargs'
import { bench } from './bench.js'
import { certs } from './certs.js'
import { coordinator } from './coordinator.js'
import { data } from './data.js'
import { demo } from './demo.js'
import { doctor } from './doctor.js'
import { jobs } from './jobs.js'
import { search } from './search.js'
import { setup } from './setup.js'
import { simulate } from './simulate.js'
import { space } from './space.js'
import { train } from './train.js'
import { worker } from './worker.js'
import { workers } from './workers.js'
import { zoo } from './zoo.js'

/** Every command of the program. A command's own file holds its options and help; what is heavy is imported by its handler. */
export const commands = [bench, certs, coordinator, data, demo, doctor, jobs, search, setup, simulate, space, train, worker, workers, zoo] as unknown as CommandModule[]
