import yargs from 'yargs'
import { hideBin } from 'yargs/helpers'
import { commands } from './commands/index.js'
import { protectDashedWords } from './dashed-words.js'
import { UsageError, reportError } from './output.js'

const words = protectDashedWords(hideBin(process.argv))
const options = { json: words.includes('--json'), verbose: words.includes('--verbose') }

/** No option takes a list, and which of two values was meant cannot be known. */
function refuseRepeated(given: Readonly<Record<string, unknown>>): void {
  const repeated = Object.keys(given).find((key) => key !== '_' && key !== '--' && Array.isArray(given[key]))
  if (repeated !== undefined) throw new UsageError(`--${repeated} is given twice: give it once`)
}

try {
  await yargs(words)
    .scriptName('nasoa')
    .usage('$0 <command>\n\nNeural architecture search on a cluster, and online fine-tuning with what it finds.')
    .command(commands)
    .option('json', { type: 'boolean', default: false, global: true, describe: 'Machine-readable output on stdout' })
    .option('verbose', { type: 'boolean', default: false, global: true, describe: 'Stack traces and debug logs' })
    .demandCommand(1, 'name a command; `nasoa --help` lists them')
    .recommendCommands()
    .strict()
    .middleware(refuseRepeated, true)
    .version()
    .help()
    .alias('help', 'h')
    .wrap(Math.min(120, process.stdout.columns ?? 100))
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new UsageError(`${message}; see \`nasoa --help\``)
    })
    .parseAsync()
} catch (error) {
  process.exitCode = reportError(error, options)
}
