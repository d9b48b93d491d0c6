import type { CommandModule } from 'yargs'
import { type GlobalOptions, printJson } from '../output.js'

interface ZooArguments extends GlobalOptions {
  readonly directory: string
  readonly output: string | undefined
}

export const zoo: CommandModule<GlobalOptions, ZooArguments> = {
  command: 'zoo <directory>',
  describe: 'Show the Pareto zoo of a search, running or finished, and write zoo.json, zoo.csv, pareto.svg and the figure of its block phase, phase-block.svg, anew',
  builder: (yargs) =>
    yargs
      .positional('directory', { type: 'string', demandOption: true, describe: 'Folder of the search' })
      .option('output', { type: 'string', requiresArg: true, describe: "Folder for the files; default: the search's own" })
      .example('$0 zoo nasoa-demo', 'the front so far as a table')
      .example('$0 zoo nasoa-demo --json', 'the same as JSON'),
  handler: async ({ directory, output, json }) => {
    const { collectZoo } = await import('../search/collect-zoo.js')
    const { zooSummary } = await import('../search/zoo-table.js')
    const { zoo: found, files } = await collectZoo(directory, output)
    if (json) printJson(found)
    else process.stdout.write(`${zooSummary(found, files)}\n`)
  },
}
