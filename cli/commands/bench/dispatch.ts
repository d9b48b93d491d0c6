import { tmpdir } from 'node:os'
import type { Argv, CommandModule } from 'yargs'
import { requireInteger } from '../../option-values.js'
import { type GlobalOptions, UsageError, printJson, printStatus } from '../../output.js'

interface BenchDispatchArguments extends GlobalOptions {
  readonly workers: number
  readonly jobs: number
  readonly history: number
  readonly jobMs: string
  readonly directory: string
}

export const benchDispatch: CommandModule<GlobalOptions, BenchDispatchArguments> = {
  command: 'dispatch',
  describe: 'Measure how fast the coordinator hands out jobs and takes results, over real connections and with its durable store',
  builder: (yargs) =>
    yargs
      .option('workers', { type: 'number', default: 100, describe: 'Connections, each with one slot' })
      .option('jobs', { type: 'number', default: 10_000, describe: 'Results to be delivered' })
      .option('history', { type: 'number', default: 0, describe: 'Finished jobs in the store before' })
      .option('job-ms', { type: 'string', default: '0', describe: 'Length of a simulated training, milliseconds: one number, or MIN,MAX' })
      .option('directory', { type: 'string', default: tmpdir(), describe: 'On which disk the store lies' })
      .example('$0 bench dispatch --workers 100 --jobs 20000', 'the rate that one coordinator sustains')
      .example('$0 bench dispatch --workers 1000 --jobs 10000 --job-ms 1000,10000', 'how long slots stand idle in a large cluster') as unknown as Argv<BenchDispatchArguments>,
  handler: async ({ workers, jobs, history, jobMs, directory, json }) => {
    requireInteger('workers', workers, [1, 100_000])
    requireInteger('jobs', jobs, [1, 10_000_000])
    requireInteger('history', history, [0, 10_000_000])
    const { benchDispatch: measure } = await import('../../../bench/dispatch/bench-dispatch.js')
    const result = await measure({ workers, jobs, history, jobMs: rangeOf(jobMs), directory, say: (line) => json || printStatus(line) })
    if (json) return printJson(result)
    const { jobsPerSecond, idleMs, dispatchMs, rssMb, restartMs, syncMs, cpuMsPerJob, eventLoopLagMs } = result
    printStatus(`${jobsPerSecond} jobs/s; idle p50 ${idleMs.p50} ms, p99 ${idleMs.p99} ms; dispatch p50 ${dispatchMs.p50} ms, p99 ${dispatchMs.p99} ms`)
    printStatus(`coordinator ${rssMb} MiB; restart ${restartMs} ms; a sync of this disk ${syncMs} ms`)
    printStatus(`processor time a job: coordinator ${cpuMsPerJob.coordinator} ms, workers ${cpuMsPerJob.workers} ms; event loop late p99 ${eventLoopLagMs.p99} ms`)
  },
}

function rangeOf(text: string): [number, number] {
  const [least, most = least] = text.split(',').map(Number)
  if (text.split(',').length > 2 || !(least >= 0 && most >= least && most <= 1e9)) {
    throw new UsageError(`--job-ms must be milliseconds, or MIN,MAX, got '${text}'`)
  }
  return [least, most]
}
