import type { Argv, CommandModule } from 'yargs'
import { endpointOptions } from '../cluster/endpoint.js'
import { tlsOptions } from '../cluster/tls-options.js'
import type { WorkerWords } from '../cluster/worker-options.js'
import { type GlobalOptions, printJson, printStatus } from '../output.js'

type WorkerArguments = GlobalOptions & WorkerWords

export const worker: CommandModule<GlobalOptions, WorkerArguments> = {
  command: 'worker',
  describe: 'Train candidates for a coordinator',
  builder: (yargs) =>
    yargs
      .options(endpointOptions)
      .options(tlsOptions)
      .option('join', {
        type: 'string',
        requiresArg: true,
        describe: "Join token (`nasoa certs token create`) for a certificate of this worker's own, or @FILE that holds it; kept in the work folder",
      })
      .option('slots', { type: 'number', describe: 'Trainings at a time; default: 1, or one for each GPU' })
      .option('gpus', { type: 'string', default: 'none', requiresArg: true, describe: 'One slot for each of these GPUs: all, or numbers or UUIDs of nvidia-smi with commas between' })
      .option('labels', { type: 'string', default: '', requiresArg: true, describe: 'key=value, with commas between: searches can ask for them' })
      .option('drain-grace', { type: 'string', default: '20s', requiresArg: true, describe: 'How long a terminated worker goes on to its next checkpoint before it hands its jobs back' })
      .option('threads', { type: 'number', describe: 'Processor threads of each training; default: an equal share of the machine' })
      .option('share', { type: 'number', default: 1, describe: 'Number of workers that share this machine, for the default of --threads' })
      .option('data', { type: 'string', describe: 'The images on this machine, where they lie elsewhere than the search says' })
      .option('name', { type: 'string', describe: 'Shown to people; default: the name of this machine' })
      .option('work', { type: 'string', describe: 'Folder for undelivered results and running trainings, one for each worker; default: nasoa-worker-NAME' })
      .option('artifacts', { type: 'string', requiresArg: true, describe: 'Folder or s3://bucket/prefix that all workers of a search reach: trainings go on from the checkpoints of others' })
      .option('keep-attempts', { type: 'boolean', default: false, describe: 'Keep checkpoints after their results are delivered' })
      .option('until-over', { type: 'boolean', default: false, describe: 'End once the search is over, instead of waiting for another' })
      .example('$0 worker --coordinator 127.0.0.1:7040 --slots 2', 'two trainings at a time')
      .example('$0 worker --coordinator coordinator.example:7040 --gpus all --artifacts /shared/checkpoints --labels zone=a', 'a slot for each GPU; others go on with what this one cannot end')
      .example('$0 worker --coordinator coordinator.example:7040 --artifacts s3://my-bucket/checkpoints', 'the same in S3; credentials, region and endpoint as AWS_* variables say')
      .example('$0 worker --discovery discovery.yaml --tls certs/gpu-1.crt', 'a coordinator that may move, and that asks for a certificate')
      .example('$0 worker --coordinator head-1:7040 --join @token.txt', 'a new machine: gets its certificate, then works')
      .example('$0 worker --coordinator coordinator.example:7040 --data /scratch/imagenet', 'images on a local disk') as unknown as Argv<WorkerArguments>,
  handler: async (given) => {
    const { endRequested } = await import('../cluster/process-lifetime.js')
    const ended = endRequested()
    const { agentOptions } = await import('../cluster/worker-options.js')
    const asked = new AbortController()
    void ended.then(() => asked.abort())
    const { options, close } = await agentOptions(given, asked.signal)
    const { startAgent } = await import('../../worker/agent/agent.js')
    const agent = startAgent(options)
    let wasInterrupted = false
    void ended.then((why) => {
      wasInterrupted = why === 'interrupted'
      agent.drain(why === 'abandoned' ? 'the process that started the worker is gone' : `the worker was ${why}`)
    })
    void agent.registered.then(
      ({ searchName }) => given.json || printStatus(`working for the search '${searchName}' as ${options.worker.name}; Ctrl-C hands its jobs back`),
      () => undefined,
    )
    if (given.json) printJson({ workerId: options.worker.workerId, name: options.worker.name, slots: options.worker.slots })
    // The agent's own timers do not hold the process, so between two tries to reach a coordinator nothing else would.
    const alive = setInterval(() => undefined, 60_000)
    try {
      await agent.ended
    } finally {
      clearInterval(alive)
      await close()
    }
    if (wasInterrupted) process.exitCode = 130
  },
}
