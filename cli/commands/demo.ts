import type { CommandModule } from 'yargs'
import { type GlobalOptions, UsageError } from '../output.js'

interface DemoArguments extends GlobalOptions {
  readonly output: string | undefined
  readonly data: string | undefined
  readonly budget: string | undefined
  readonly printConfig?: boolean
}

export const demo: CommandModule<GlobalOptions, DemoArguments> = {
  command: 'demo',
  describe: 'Run a whole search in a few minutes: a coordinator and two workers search networks for handwritten digits',
  builder: (yargs) =>
    yargs
      .options({
        output: { type: 'string', requiresArg: true, describe: 'New folder for the search; default: nasoa-demo, or the next free nasoa-demo-N' },
        data: { type: 'string', requiresArg: true, describe: 'Images in the ImageNet layout, {train,val}/<class>/*.JPEG, instead of the digits' },
        budget: { type: 'string', requiresArg: true, describe: 'Time for the search, such as 2m; default: 4m' },
        'print-config': { type: 'boolean', default: false, describe: 'Print the config of the search, to be edited and run with `nasoa search run`' },
      })
      .example('$0 demo', 'search on the built-in digits')
      .example('$0 demo --data my-images --budget 10m', 'search on images of your own')
      .example('$0 demo --print-config > my-search.yaml', 'a config to start from'),
  handler: async ({ output, data, budget, printConfig, json, verbose }) => {
    const { demoConfig } = await import('../search/demo-config.js')
    const { parseDuration } = await import('../../shared/config/duration.js')
    if (budget !== undefined && parseDuration(budget) === null) throw new UsageError(`--budget ${budget} is not a duration: write a number and a unit, such as 90s or 4m`)
    const file = await demoConfig({ data, budget })
    if (printConfig) {
      process.stdout.write(file.text)
      return
    }
    const { SearchFolder } = await import('../search/search-folder.js')
    const { runAndReport } = await import('../search/report-run.js')
    const folder = SearchFolder.create(output ?? freeFolder('nasoa-demo', (path) => SearchFolder.isTaken(path)), file)
    await runAndReport(folder, { json, verbose })
  },
}

function freeFolder(name: string, isTaken: (path: string) => boolean): string {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}-${number}`
    if (!isTaken(candidate)) return candidate
  }
}
