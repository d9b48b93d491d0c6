import type { CommandModule } from 'yargs'
import { type GlobalOptions, UsageError, printJson, printStatus } from '../../output.js'
import { requireInteger } from '../../option-values.js'

const stepKinds = ['training', 'inference'] as const

interface BenchStepTimeArguments extends GlobalOptions {
  readonly table: string
  readonly 'encoding-column': string
  readonly 'time-column': string
  readonly batch: number
  readonly resolution: number
  readonly classes: number
  readonly kind: (typeof stepKinds)[number]
}

const text = { type: 'string', requiresArg: true } as const
const number = { type: 'number', requiresArg: true } as const

export const benchStepTime: CommandModule<GlobalOptions, BenchStepTimeArguments> = {
  command: 'step-time',
  describe: "Judge the model of step time on a table of timed networks, each predicted from all others'",
  builder: (yargs) =>
    yargs
      .options({
        table: { ...text, demandOption: true, describe: 'CSV file with a header, one network a row, all timed on one device' },
        'encoding-column': { ...text, default: 'encoding', describe: 'Column of the encodings' },
        'time-column': { ...text, demandOption: true, describe: 'Column of the times, in milliseconds a step' },
        batch: { ...number, default: 64, describe: 'Images in a step' },
        resolution: { ...number, default: 224, describe: 'Side of the square input, pixels' },
        classes: { ...number, default: 1000, describe: 'Outputs of the networks' },
        kind: { choices: stepKinds, default: 'training' as const, describe: 'What was timed: a training step or a forward pass' },
      })
      .example('$0 bench step-time --table timed.csv --time-column train_step_ms --json', 'training steps of 64 images')
      .example('$0 bench step-time --table timed.csv --time-column latency_ms --batch 8 --kind inference', 'forward passes of 8 images'),
  handler: async ({ json, table: path, 'encoding-column': encoding, 'time-column': time, batch, resolution, classes, kind }) => {
    requireInteger('batch', batch, [1, 65_536])
    requireInteger('resolution', resolution, [8, 4096])
    requireInteger('classes', classes, [2, 1_000_000])
    const { readTimedNetworks } = await import('../../../bench/step-time/read-timed-networks.js')
    const { benchStepTimes } = await import('../../../bench/step-time/bench-step-times.js')
    const networks = readTimedNetworks(path, { encoding, time })
    const { fewestExamples } = await import('../../../coordinator/step-time/step-time-fit.js')
    if (networks.length <= fewestExamples) {
      throw new UsageError(`${path} has ${networks.length} rows; leaving one out needs at least ${fewestExamples + 1}`)
    }
    const { leaveOneOut, costs, corrected, predictions } = benchStepTimes(networks, { batch, resolution, classes, kind })
    if (json) {
      printJson({ rows: networks.length, leaveOneOut, costs, corrected, batch, resolution, classes, kind, predictions })
      return
    }
    for (const line of tableOf(predictions)) printStatus(line)
    const { mape, medianError, largestError, within90 } = leaveOneOut
    printStatus(`${networks.length} networks, each predicted without itself: mean absolute error ${percent(mape)}, median ${percent(medianError)}, largest ${percent(largestError)}`)
    printStatus(`inside the 90 % interval: ${percent(within90)}`)
  },
}

interface Line {
  readonly encoding: string
  readonly measuredMs: number
  readonly predictedMs: number
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

function tableOf(lines: readonly Line[]): string[] {
  const width = Math.max(...lines.map(({ encoding }) => encoding.length))
  const cells = (encoding: string, ...rest: string[]): string => encoding.padEnd(width) + rest.map((cell) => cell.padStart(14)).join('')
  const rows = lines.map(({ encoding, measuredMs, predictedMs }) =>
    cells(encoding, measuredMs.toFixed(2), predictedMs.toFixed(2), percent(predictedMs / measuredMs - 1)),
  )
  return [cells('encoding', 'measured ms', 'predicted ms', 'error'), ...rows]
}
