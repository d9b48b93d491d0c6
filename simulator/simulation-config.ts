import { z } from 'zod'
import { durationSchema } from '../shared/config/duration.js'
import { completed, writtenSearchSchema } from '../shared/config/search-config.js'
import { parseYaml, readConfigText } from '../shared/config/yaml-file.js'
import { countImages } from './image-counts.js'

const positive = z.int().positive()
const share = z.number().min(0).max(1)

/** Events that come at random, each at any time as likely as at any other. */
const disturbance = z.strictObject({
  every: durationSchema.describe('Mean time from one to the next, of one worker'),
  for: durationSchema.describe('Mean time that one lasts'),
})

/** Both ways of a call take it; calls give up after 10 s. */
const latency = durationSchema.refine((value) => value <= 4_000, 'at most 4s: calls give up after 10s')

const workerClassSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,30}$/i, 'letters, digits, dots, dashes and underscores, at most 31'),
    count: positive.max(10_000),
    slots: positive.max(64).default(1).describe('Trainings at a time in each worker'),
    speed: z.number().positive().max(1000).default(1).describe('Training speed, in multiples of an NVIDIA V100 with float32'),
    spread: z.number().min(0).max(0.5).default(0.03).describe('Relative deviation of speed among workers of the class'),
    memoryGiB: z.number().positive().max(100_000).default(32).describe('Device memory; a network that needs more ends out of memory'),
    latency: latency.prefault('5ms').describe('One way between worker and coordinator'),
    slowNetwork: z.strictObject({ share, latency }).optional().describe('Share of the workers with a slow network, and its latency'),
    lost: disturbance.optional().describe('The machine goes without a word, and comes back'),
    restarts: disturbance.optional().describe('The worker process dies and is started again'),
    preempted: disturbance.optional().describe('The worker is told to leave, hands its jobs back, and comes back'),
    cuts: disturbance.optional().describe('The network to the coordinator is cut; trainings go on'),
  })
  .describe('Workers that are alike')

const simulationSchema = z
  .strictObject({
    duration: durationSchema.prefault('365d').describe('Virtual time after which the simulation ends, if the search has not ended before'),
    images: z
      .strictObject({
        classes: positive.min(2).default(1000),
        trainingPerClass: positive.default(1281),
        validationPerClass: positive.default(50),
      })
      .prefault({})
      .describe('What the data folder would hold; the default is ImageNet. `data` chooses from it'),
    trainings: z
      .strictObject({
        overhead: durationSchema.prefault('1m').describe('What a training takes beside its epochs: start, compilation, measurement'),
        diverged: share.default(0.005).describe('Share of networks whose training diverges'),
        crashed: share.default(0.001).describe('Share of attempts whose trainer crashes'),
      })
      .prefault({}),
    workers: z
      .array(workerClassSchema)
      .nonempty()
      .refine((classes) => new Set(classes.map(({ name }) => name)).size === classes.length, 'name each class of workers once'),
    artifacts: z
      .boolean()
      .optional()
      .describe('Workers reach the same checkpoints (--artifacts), so a training goes on elsewhere from its last epoch; default: where there are rungs'),
    coordinator: z
      .strictObject({ restarts: disturbance.optional() })
      .prefault({})
      .describe('The coordinator dies and is started again from its store'),
  })
  .describe('The cluster that the search is simulated on')

/** A search's config with the cluster that it is simulated on. */
export const simulationConfigSchema = writtenSearchSchema
  .safeExtend({ simulation: simulationSchema })
  .refine(({ simulation, data, training }) => countImages(simulation.images, data).train >= training.batch, {
    path: ['training', 'batch'],
    message: 'a batch is larger than the training images',
  })
  .transform((config) => {
    const { simulation, ...search } = completed(config)
    return { ...search, simulation: { ...simulation, artifacts: simulation.artifacts ?? search.rungs !== undefined } }
  })

export type SimulationConfig = z.output<typeof simulationConfigSchema>
export type ClusterConfig = SimulationConfig['simulation']
export type WorkerClass = ClusterConfig['workers'][number]
export type Disturbance = z.output<typeof disturbance>

/** @throws ConfigError with file, line, column and key. */
export function loadSimulationConfig(path: string): SimulationConfig {
  return parseYaml(readConfigText(path), path, simulationConfigSchema)
}
