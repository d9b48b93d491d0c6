import type { Argv, CommandModule } from 'yargs'
import type { CacheArguments } from '../data/cache.js'
import type { InspectArguments } from '../data/inspect.js'
import type { PackArguments } from '../data/pack.js'
import type { VerifyArguments } from '../data/verify.js'
import type { GlobalOptions } from '../output.js'

const directory = { type: 'string', demandOption: true, describe: 'Data folder: folders of classes, ILSVRC, or tar shards' } as const

const pack: CommandModule<GlobalOptions, PackArguments> = {
  command: 'pack <directory>',
  describe: 'Pack images into tar shards (WebDataset) with an index of hashes; the same bytes every time',
  builder: (yargs) =>
    yargs
      .positional('directory', directory)
      .option('output', { type: 'string', requiresArg: true, demandOption: true, describe: 'New folder for the shards; an interrupted pack goes on there' })
      .option('shard-size', { type: 'number', requiresArg: true, default: 128, describe: 'Megabytes of a shard, at most' })
      .option('seed', { type: 'number', requiresArg: true, default: 0, describe: 'Mixes the training images, since shards are read in sequence' })
      .example('$0 data pack ~/imagenet --output /nfs/imagenet-shards', 'for workers that read over a network')
      .example('$0 train 020-_16_11-21 --data /nfs/imagenet-shards --epochs 5', 'trains on them like on the folder') as unknown as Argv<PackArguments>,
  handler: async (given) => (await import('../data/pack.js')).pack(given),
}

const inspect: CommandModule<GlobalOptions, InspectArguments> = {
  command: 'inspect <directory>',
  describe: 'Count images by class, and show sizes, resolutions and files that cannot be read',
  builder: (yargs) =>
    yargs
      .positional('directory', directory)
      .example('$0 data inspect ~/imagenet', 'what there is')
      .example('$0 data inspect ~/imagenet --json | jq .classes', 'every class with its counts'),
  handler: async (given) => (await import('../data/inspect.js')).inspect(given),
}

const verify: CommandModule<GlobalOptions, VerifyArguments> = {
  command: 'verify <directory>',
  describe: 'Decode every image, and check shards against the hashes of their index; exit code 1 if anything is wrong',
  builder: (yargs) =>
    yargs
      .positional('directory', directory)
      .example('$0 data verify /nfs/imagenet-shards', 'after copying')
      .example('$0 data verify ~/imagenet --json', 'each file that does not decode, with the reason'),
  handler: async (given) => (await import('../data/verify.js')).verify(given),
}

const cache: CommandModule<GlobalOptions, CacheArguments> = {
  command: 'cache',
  describe: 'List the resized images that trainings on this machine have kept on the disk, or remove them',
  builder: (yargs) =>
    yargs
      .option('remove', { type: 'boolean', default: false, describe: 'Remove all; trainings that run go on with what they have open' })
      .example('$0 data cache', 'data folders, resolutions and sizes')
      .example('NASOA_IMAGE_CACHE=50GB $0 worker ...', 'a limit for all of them together, or off; default: a quarter of the free disk'),
  handler: async (given) => (await import('../data/cache.js')).cache(given),
}

export const data: CommandModule<GlobalOptions, GlobalOptions> = {
  command: 'data <what>',
  describe: 'Pack, inspect and verify folders of images; see what is kept of them',
  builder: (yargs) => yargs.command(inspect).command(pack).command(verify).command(cache).demandCommand(1, 'name what to do; `nasoa data --help` lists it').strict(),
  handler: () => undefined,
}
