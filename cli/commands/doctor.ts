import type { CommandModule } from 'yargs'
import type { Check } from '../doctor/check.js'
import { type GlobalOptions, printJson } from '../output.js'

interface DoctorArguments extends GlobalOptions {
  readonly data: string | undefined
  readonly tls: string | undefined
}

export const doctor: CommandModule<GlobalOptions, DoctorArguments> = {
  command: 'doctor',
  describe: 'Say what this machine is, whether TensorFlow works on it, and what to do about what is wrong',
  builder: yargs =>
    yargs
      .option('data', { type: 'string', requiresArg: true, describe: 'Also check a data folder (train/<class>/, val/<class>/)' })
      .option('tls', { type: 'string', requiresArg: true, describe: 'Also check a certificate and that of its authority beside it: what it is for, and when it expires' })
      .example('$0 doctor', 'check this machine')
      .example('$0 doctor --data ~/imagenet --json', 'the same for a script; exit code 1 if something is wrong'),
  handler: async ({ json, data, tls }) => {
    const { examine } = await import('../doctor/examine.js')
    const checks = await examine(data, tls)
    const ok = checks.every(check => check.ok)
    if (json) printJson({ ok, checks })
    else process.stdout.write(report(checks))
    if (!ok) process.exitCode = 1
  },
}

/** One line per check; advice follows on a line of its own. */
function report(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length))
  const lines = checks.flatMap(({ name, ok, value, advice }) => [
    `${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(width)}  ${value}`,
    ...(advice === undefined ? [] : [`      ${' '.repeat(width)}  -> ${advice}`]),
  ])
  return `${lines.join('\n')}\n`
}
