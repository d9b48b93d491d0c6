import type { CommandModule } from 'yargs'
import type { GlobalOptions } from '../output.js'
import { describeNetwork } from './space/describe.js'
import { mutateNetwork } from './space/mutate.js'
import { sampleNetworks } from './space/sample.js'
import { validateEncodings } from './space/validate.js'

export const space: CommandModule<GlobalOptions, GlobalOptions> = {
  command: 'space <action>',
  describe: 'Look into the search space: describe, validate, sample and mutate architectures',
  builder: (yargs) =>
    yargs
      .command(describeNetwork)
      .command(mutateNetwork)
      .command(sampleNetworks)
      .command(validateEncodings)
      .demandCommand(1, 'say what to do: describe, mutate, sample or validate; `nasoa space --help` explains them')
      .strict()
      .example('$0 space describe 10001-_64_411-2111-211111-211', 'ResNet-50: cost and stages')
      .example('$0 space sample --count 100 --seed 1 --json', 'a hundred random networks')
      .epilogue('An architecture is one string, BLOCK_C0_MACRO: docs/search-space.md.'),
  handler: () => undefined,
}
