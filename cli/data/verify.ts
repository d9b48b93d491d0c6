import { resolveDataDirectory } from '../../worker/data/data-directory.js'
import { type Verification, verifyData } from '../../worker/data/verify.js'
import { type GlobalOptions, printJson, printStatus } from '../output.js'
import { interruptible } from './interruptible.js'
import { progressLine } from './progress-line.js'

export interface VerifyArguments extends GlobalOptions {
  readonly directory: string
}

export async function verify({ directory: named, json }: VerifyArguments): Promise<void> {
  const directory = await resolveDataDirectory(named, printStatus)
  const result = await interruptible((signal) => verifyData({ directory, signal, log: printStatus, onProgress: progressLine('decoded') }))
  if (result === null) return
  if (json) printJson(result)
  else process.stdout.write(`${describe(result).join('\n')}\n`)
  if (!result.ok) process.exitCode = 1
}

const shown = 20

function describe({ directory, ok, images, unreadable, shards }: Verification): string[] {
  const bad = shards.filter((shard) => !shard.ok)
  const hashed = shards.filter(({ hash }) => hash === 'equal').length
  return [
    ...bad.map(({ file, problem }) => `FAIL  ${file}: ${problem}`),
    ...unreadable.slice(0, shown).map(({ path, reason }) => `FAIL  ${JSON.stringify(path)}: ${reason}`),
    ...(unreadable.length > shown ? [`FAIL  ... and ${unreadable.length - shown} more images; --json lists all`] : []),
    `${ok ? 'ok  ' : 'FAIL'}  ${directory}: ${images} images decode, ${unreadable.length} do not` +
      (shards.length === 0 ? '' : `; ${shards.length - bad.length} of ${shards.length} shards are whole, ${hashed} with the hash of the index`),
  ]
}
