import { resolveDataDirectory } from '../../worker/data/data-directory.js'
import { type Inspection, inspectData } from '../../worker/data/inspect.js'
import { type GlobalOptions, printJson, printStatus } from '../output.js'
import { interruptible } from './interruptible.js'
import { progressLine } from './progress-line.js'

export interface InspectArguments extends GlobalOptions {
  readonly directory: string
}

export async function inspect({ directory: named, json }: InspectArguments): Promise<void> {
  const directory = await resolveDataDirectory(named, printStatus)
  const found = await interruptible((signal) => inspectData({ directory, signal, log: printStatus, onProgress: progressLine('looked at') }))
  if (found === null) return
  if (json) printJson(found)
  else process.stdout.write(`${describe(found).join('\n')}\n`)
}

const shown = 20
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

function describe({ directory, layout, classes, images, bytes, shorterSide, resolutions, unreadable }: Inspection): string[] {
  const sides = shorterSide === null ? 'none can be read' : `shorter side ${shorterSide.least} to ${shorterSide.most}, median ${shorterSide.median} pixels`
  return [
    `${directory} (${layout}): ${classes.length} classes`,
    `train: ${images.train} images, ${megabytes(bytes.train)}; ${spread(classes.map(({ train }) => train))} a class`,
    `val:   ${images.val} images, ${megabytes(bytes.val)}; ${spread(classes.map(({ val }) => val))} a class`,
    `sizes: ${sides}; ${resolutions.map(({ width, height, images: count }) => `${width}x${height} (${count})`).join(', ')}`,
    ...classes.slice(0, shown).map(({ name, train, val }) => `  ${name}  ${train} + ${val}`),
    ...(classes.length > shown ? [`  ... and ${classes.length - shown} more classes; --json lists all`] : []),
    `unreadable: ${unreadable.length}`,
    ...unreadable.slice(0, shown).map(({ path, reason }) => `  ${JSON.stringify(path)}: ${reason}`),
    ...(unreadable.length > shown ? [`  ... and ${unreadable.length - shown} more; --json lists all`] : []),
  ]
}

function spread(counts: readonly number[]): string {
  const [least, most] = counts.reduce(([low, high], count) => [Math.min(low, count), Math.max(high, count)], [Infinity, 0])
  return least === most ? String(least) : `${least} to ${most}`
}
