import type { CommandModule } from 'yargs'
import { revealDashedWord } from '../../dashed-words.js'
import { type GlobalOptions, printStatus } from '../../output.js'

interface ValidateArguments extends GlobalOptions {
  readonly file: string
}

export const validateEncodings: CommandModule<GlobalOptions, ValidateArguments> = {
  command: 'validate [file]',
  describe: 'Say for each line of a file whether it is a valid encoding, and if not, why and at which character (from 0)',
  builder: (yargs) =>
    yargs
      .positional('file', { type: 'string', default: '-', coerce: revealDashedWord, describe: 'One encoding a line, blank lines are skipped; - = standard input' })
      .example('$0 space validate encodings.txt', 'exit code 2 if any line is invalid')
      .example('echo 020-_63_1 | $0 space validate --json', 'one JSON line for each line'),
  handler: async ({ json, file }) => {
    const { judgeLines, verdictLine } = await import('../../space/verdicts.js')
    const { openLines } = await import('../../space/read-lines.js')
    const { writeLines } = await import('../../space/write-lines.js')
    const count = { lines: 0, invalid: 0 }
    await writeLines(judgeLines(openLines(file), count), (verdict) => (json ? JSON.stringify(verdict) : verdictLine(verdict)))
    if (count.invalid === 0) return
    process.exitCode = 2
    printStatus(`${count.invalid} of ${count.lines} ${count.lines === 1 ? 'line is' : 'lines are'} invalid`)
  },
}
