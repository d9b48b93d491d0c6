import type { CommandModule } from 'yargs'
import { type GlobalOptions, printJson, printStatus } from '../output.js'

interface SetupArguments extends GlobalOptions {
  readonly force: boolean
  readonly gpu: boolean | undefined
}

export const setup: CommandModule<GlobalOptions, SetupArguments> = {
  command: 'setup',
  describe: 'Fetch and compile what native TensorFlow needs (done on demand by the other commands too)',
  builder: yargs =>
    yargs
      .option('force', { type: 'boolean', default: false, describe: 'Throw the cached library and addon away and do everything anew' })
      .option('gpu', { type: 'boolean', describe: 'The CUDA build with the NVIDIA libraries that it names (about 4 GB); --no-gpu goes back to the CPU build' })
      .example('$0 setup --gpu', 'prepare a machine with NVIDIA GPUs: the driver is all that must be there')
      .example('$0 setup', 'prepare this machine before its first search')
      .example('NASOA_CACHE=/data/nasoa $0 setup', 'keep the library (about 750 MB) elsewhere than in ~/.cache/nasoa')
      .example('NASOA_LIBTENSORFLOW=/opt/libtensorflow $0 setup', 'use a libtensorflow of your own'),
  handler: async ({ json, force, gpu }) => {
    const { ensureTensorFlow } = await import('../../worker/tensorflow/native/ensure.js')
    const result = await ensureTensorFlow({ progress: printStatus, force, ...(gpu === undefined ? {} : { gpu }) })
    if (json) printJson(result)
    else if (result.alreadySetUp) printStatus(`already set up: ${result.libraryPath}`)
  },
}
