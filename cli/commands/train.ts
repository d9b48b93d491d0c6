import type { Argv, CommandModule } from 'yargs'
import { type GlobalOptions, printJson, printStatus } from '../output.js'
import { type TrainArguments, trainOptions } from '../training/train-arguments.js'

export const train: CommandModule<GlobalOptions, TrainArguments> = {
  command: 'train <encoding>',
  describe: 'Train one network on a folder of images; prints its accuracy and training throughput',
  // The types of yargs know option names as they are written, not in camel case.
  builder: (yargs) =>
    yargs
      .positional('encoding', { type: 'string', demandOption: true, describe: 'The network: BLOCK_C0_MACRO' })
      .options(trainOptions)
      .example('$0 train 031-_32_1-1-221-11121 --data tiny-imagenet --epochs 10 --augmentation pad-crop', 'a small network on small images')
      .example('$0 train 020-_64_11-211-211-21 --data imagenet --classes 100 --epochs 20 --json', 'a part of ImageNet; the result as JSON') as unknown as Argv<TrainArguments>,
  handler: async (given) => {
    const { prepareTraining } = await import('../training/prepare-training.js')
    const work = await prepareTraining(given)
    const { errorOf, followTrainer } = await import('../training/follow-trainer.js')
    const { TrainingReport } = await import('../training/training-report.js')
    const report = new TrainingReport(work.specification.encoding)
    const { end, interrupted } = await followTrainer(work, {
      onEvent: (event) => report.follow(event).forEach(printStatus),
      ...(given.verbose ? { onStderrLine: printStatus } : {}),
    })
    if (end.kind === 'measured') throw new Error('a training cannot end with a measurement alone')
    if (end.kind === 'failed') throw errorOf(end)
    if (given.json) printJson(report.result(end))
    else printStatus(report.closingLine(end))
    if (interrupted) process.exitCode = 130
  },
}
