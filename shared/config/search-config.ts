import { dirname, isAbsolute, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { augmentations, builtinDigits, precisionChoices } from '../training/specification.js'
import { messageOf } from '../errors.js'
import { canonicalEncoding } from '../space/canonical.js'
import { parseGenome } from '../space/parse.js'
import { durationSchema } from './duration.js'
import { spaceSchema } from './space-config.js'
import { parseYaml, readConfigText } from './yaml-file.js'

const positive = z.int().positive()
const share = z.number().min(0).max(1)
const seed = z.int().min(0).max(4294967295)

const dataSchema = z
  .strictObject({
    directory: z.string().min(1).refine((name) => !name.startsWith('builtin:') || name === builtinDigits, `the only built-in data is '${builtinDigits}'`).describe('Folder of images: {train,val}/<class>/*.JPEG, ILSVRC, or tar shards; or builtin:digits'),
    classes: positive.min(2).optional().describe('Number of classes, chosen by seed; all when left out'),
    imagesPerClass: positive.optional().describe('Training images per class; all when left out'),
    validationImagesPerClass: positive.optional().describe('Validation images per class; all when left out'),
    seed: seed.default(0).describe('Chooses the subset'),
    unreadableLimit: share.default(0.01).describe('Largest share of unreadable images before a training fails'),
  })
  .describe('Which images the candidates are trained and judged on')

const defaultEpochs = 5

const trainingSchema = z
  .strictObject({
    epochs: positive.optional().describe('Default: 5, or those of the last rung'),
    batch: positive.min(2).max(4096).default(64),
    resolution: positive.min(8).max(1024).default(224).describe('Side of the square input, pixels'),
    learningRate: z.number().positive().max(100).default(0.1).describe('Peak rate; linear warm-up, then cosine to 0'),
    weightDecay: z.number().min(0).max(1).default(5e-4),
    labelSmoothing: z.number().min(0).lt(1).default(0.1),
    warmup: share.default(0.05).describe('Share of all steps spent in warm-up'),
    augmentation: z.enum(augmentations).default('resized-crop'),
    precision: z.enum(precisionChoices).default('float32').describe('Number format of the passes; auto: the fastest that the device of a worker has'),
    seed: seed.default(0).describe('Initial weights, order and augmentation of the images'),
    timeLimit: durationSchema.optional().describe('Limit of one training; one that reaches it ends as timed_out'),
  })
  .prefault({})
  .describe('The recipe each candidate is trained with')

const rungSchema = z.strictObject({
  epochs: positive.describe('Epochs that a candidate has been trained for at the end of the rung'),
  resolution: positive.min(8).max(1024).optional().describe("Side of the square input on this rung; the training's when left out"),
  imagesPerClass: positive.optional().describe("Training images per class on this rung; those of `data` when left out"),
})

/** One stop on the way to a whole training. */
export type Rung = z.output<typeof rungSchema>

const rungsSchema = z
  .array(rungSchema)
  .min(2)
  .max(20)
  .refine((rungs) => rungs.every(({ epochs }, i) => i === 0 || epochs > rungs[i - 1].epochs), 'each rung needs more epochs than the one before')
  .refine((rungs) => rungs[rungs.length - 1].resolution === undefined && rungs[rungs.length - 1].imagesPerClass === undefined, 'the last rung is the whole training: it has the resolution and the images of `training` and `data`')
  .optional()
  .describe('Stops on the way to a whole training, the last of which is its end: of the results of one, the best go on to the next')

const phaseSchema = z.strictObject({
  name: z.enum(['block', 'macro', 'joint']).describe('block: blocks inside a fixed macro structure; macro: structures around the blocks of the front; joint: both'),
  budget: positive.optional().describe('Candidates that the phase proposes; the last phase takes what is left of the whole budget'),
})

/** What a phase may change. */
export type PhaseName = z.output<typeof phaseSchema>['name']

const phasesSchema = z
  .array(phaseSchema)
  .max(10)
  .refine((phases) => phases.every(({ budget }, i) => i === phases.length - 1 || budget !== undefined), 'every phase but the last needs a budget')
  .optional()
  .describe('Phases of the search, each from the front of the one before; default: block and macro, a tenth of the candidates each, then joint; []: joint from the start')

/** Objectives the search can be given; the direction is part of the name's meaning. */
export const objectiveDirections = {
  top1: 'maximize',
  imagesPerSecond: 'maximize',
  stepMs: 'minimize',
  params: 'minimize',
  macs: 'minimize',
  activations: 'minimize',
} as const satisfies Readonly<Record<string, 'maximize' | 'minimize'>>
export type ObjectiveName = keyof typeof objectiveDirections
const objectiveNames = Object.keys(objectiveDirections) as [ObjectiveName, ...ObjectiveName[]]

const constraintSchema = z
  .strictObject({
    name: z.enum(objectiveNames),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
  })
  .refine(({ minimum, maximum }) => minimum !== undefined || maximum !== undefined, 'give it a minimum, a maximum or both')
  .refine(({ minimum = -Infinity, maximum = Infinity }) => minimum <= maximum, 'its minimum lies above its maximum')

const constraintsSchema = z
  .array(constraintSchema)
  .refine((constraints) => new Set(constraints.map(({ name }) => name)).size === constraints.length, 'name each measurement once')
  .default([])
  .describe('Bounds on measurements, in their own units: only networks that keep to them make the front')

const encodingSchema = z.string().transform((encoding, context) => {
  try {
    return canonicalEncoding(parseGenome(encoding))
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) })
    return z.NEVER
  }
})

const warmStartSchema = z
  .strictObject({
    from: z.string().min(1).describe('Folder of an earlier search, its search.db, a zoo.json, or a CSV list of encodings with known values'),
    columns: z
      .strictObject({ encoding: z.string().optional(), top1: z.string().optional(), stepMs: z.string().optional() })
      .optional()
      .describe('Names of the columns of a CSV list; default: encoding, top1 and, where there is one, stepMs'),
  })
  .describe('What is known from elsewhere')

const searchSchema = z
  .strictObject({
    algorithm: z.enum(['nasoa', 'nsga2', 'random']).default('nasoa').describe('Evolution assisted by a model of the results, plain evolution, or random candidates'),
    population: positive.min(4).max(10_000).default(24),
    candidates: positive.default(200).describe('Budget: number of candidates to train'),
    initial: z.array(encodingSchema).default([]).describe('Encodings to train before anything else, such as the front of an earlier search; they may lie outside the space'),
    warmStart: z.array(warmStartSchema).max(100).default([]).describe('Earlier results: where recipe, images and device are the same they count as own ones, else the best of them are trained first'),
    reduction: z.number().gt(1).max(100).default(3).describe('Of so many results of a rung, one goes on to the next'),
    timeLimit: durationSchema.optional().describe('Budget: wall time; whichever budget is used up first ends the search'),
    drainTime: durationSchema.prefault('30s').describe('How long running trainings may go on once the budget is used up'),
  })
  .prefault({})

const jobsSchema = z
  .strictObject({
    leaseTime: durationSchema.prefault('15s').describe('A worker silent for so long loses its jobs to others'),
    attempts: positive.max(100).default(3).describe('Failures of a job, those of machines apart, after which it is given up'),
    kills: positive.max(100).default(3).describe('Workers lost and trainers crashed while training a candidate, after which it is quarantined'),
    workerFailures: positive.max(1000).default(3).describe('Jobs in a row that a worker may fail before it is cordoned: given no more until an operator lets it'),
    queueLimit: durationSchema.optional().describe('Longest wait of a job for a slot; none when left out'),
    attemptLimit: durationSchema.optional().describe('Longest attempt, set-up included, before it is begun anew elsewhere; none when left out'),
    requires: z.record(z.string().regex(/^[A-Za-z0-9_-][\w.-]{0,63}$/, 'letters, digits, dots, dashes and underscores, at most 64'), z.string().max(100)).default({}).describe('Labels that a worker must have to be given jobs: --labels of `nasoa worker`'),
    overallLimit: durationSchema.optional().describe('Longest life of a job, attempts and waits together; none when left out'),
  })
  .prefault({})
  .describe('Leases and retries')

const workersSchema = z
  .strictObject({
    local: z.int().min(0).max(1024).default(1).describe('Worker processes that `search run` starts here; 0 = workers join by themselves'),
    slots: positive.max(64).default(1).describe('Trainings at a time in each of them'),
  })
  .prefault({})

const coordinatorSchema = z
  .strictObject({
    listen: z.string().default('127.0.0.1:0').describe('host:port of the gRPC services; port 0 = any free one'),
    metrics: z.string().optional().describe('host:port of /metrics and /healthz for Prometheus; none when left out'),
  })
  .prefault({})

/** A search, as its user writes it; what follows from several keys together is not filled in yet, see `completed`. */
export const writtenSearchSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/i, 'letters, digits, dots, dashes and underscores, at most 64')
      .default('search'),
    seed: seed.default(1).describe('Seed of the search; equal seeds and equal results give equal candidates'),
    data: dataSchema,
    space: spaceSchema,
    objectives: z
      .array(z.enum(objectiveNames))
      .min(2)
      .max(3)
      .refine((names) => new Set(names).size === names.length, 'name each objective once')
      .default(['top1', 'imagesPerSecond']),
    constraints: constraintsSchema,
    training: trainingSchema,
    rungs: rungsSchema,
    phases: phasesSchema,
    search: searchSchema,
    jobs: jobsSchema,
    workers: workersSchema,
    coordinator: coordinatorSchema,
  })
  .refine(({ search }) => search.candidates >= search.population, {
    path: ['search', 'candidates'],
    message: 'the budget must be at least the population',
  })
  .refine(({ training, rungs }) => training.epochs === undefined || rungs === undefined || rungs[rungs.length - 1].epochs === training.epochs, {
    path: ['training', 'epochs'],
    message: 'the last rung is the whole training: give it the same epochs, or leave this out',
  })

type Written = Pick<z.output<typeof writtenSearchSchema>, 'training' | 'rungs'>

/** Fills in what follows from several keys together. */
export function completed<Config extends Written>(config: Config) {
  const { training, rungs } = config
  return { ...config, training: { ...training, epochs: training.epochs ?? rungs?.at(-1)?.epochs ?? defaultEpochs } }
}

/** A search's config. Durations come out in milliseconds. */
export const searchConfigSchema = writtenSearchSchema.transform((config) => completed(config))

export type SearchConfig = z.output<typeof searchConfigSchema>

/** A config as it was written, and what it means. */
export interface SearchConfigFile {
  readonly config: SearchConfig
  /** The file's text with its folders made absolute, so that it means the same wherever it is copied. */
  readonly text: string
}

/**
 * Reads a search's config. A relative data folder, or source of a warm start, is relative to the config file.
 * @throws ConfigError with file, line, column and key.
 */
export function loadSearchConfig(path: string): SearchConfigFile {
  return parseSearchConfig(readConfigText(path), path)
}

/** As loadSearchConfig, on text; `path` is where it stands, for messages and for relative folders. */
export function parseSearchConfig(text: string, path: string): SearchConfigFile {
  const written = parseYaml(text, path, searchConfigSchema)
  const { data, search } = written
  const named = [
    ...(data.directory === builtinDigits ? [] : [{ at: ['data', 'directory'], value: data.directory }]),
    ...search.warmStart.map(({ from }, i) => ({ at: ['search', 'warmStart', i, 'from'], value: from })),
  ]
  const relative = named.filter(({ value }) => !isAbsolute(value))
  if (relative.length === 0) return { config: written, text }
  const document = parseDocument(text)
  for (const { at, value } of relative) document.setIn(at, resolve(dirname(path), value))
  const absolute = document.toString()
  return { config: parseYaml(absolute, path, searchConfigSchema), text: absolute }
}
