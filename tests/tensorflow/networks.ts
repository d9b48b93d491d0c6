import { expect } from 'vitest'
import { buildLayerGraph } from '../../shared/network/build.js'
import type { LayerGraph } from '../../shared/network/layer-graph.js'
import { createRng } from '../../shared/rng.js'
import { parseGenome } from '../../shared/space/parse.js'
import { isUsingGpu, loadTensorFlow } from '../../worker/tensorflow/native/load.js'
import { type ProgramOptions, type TrainingProgram, buildTrainingProgram } from '../../worker/tensorflow/program.js'
import { type Batch, TrainingSession } from '../../worker/tensorflow/session.js'
import { computeDevice, deviceOptions } from '../../worker/trainer/device.js'

export function graphOf(encoding: string, resolution: number, classes: number): LayerGraph {
  return buildLayerGraph(parseGenome(encoding), { resolution, classes })
}

/** Random pixels and labels. */
export function randomBatch({ resolution, classes }: LayerGraph, count: number, seed: number): Batch {
  const rng = createRng(seed)
  return {
    images: Uint8Array.from({ length: count * resolution ** 2 * 3 }, () => rng.integer(256)),
    labels: Int32Array.from({ length: count }, () => rng.integer(classes)),
  }
}

export async function withSession<T>(
  graph: LayerGraph,
  options: ProgramOptions,
  body: (session: TrainingSession, program: TrainingProgram) => T | Promise<T>,
): Promise<T> {
  // The program that a trainer would run here: with TensorFlow's CUDA build the tests are tests of the GPU.
  const { device, oneDnn } = deviceOptions('float32', await computeDevice(isUsingGpu(await loadTensorFlow())))
  const program = buildTrainingProgram(graph, { device, oneDnn, ...options })
  const session = await TrainingSession.open(program)
  try {
    return await body(session, program)
  } finally {
    session.close()
  }
}

export function trainableNames(program: TrainingProgram): string[] {
  return program.variables.filter(({ trainable }) => trainable).map(({ name }) => name)
}

/** Values that are no special case: no zero beta, no unit gamma, and a head that makes the loss depend on what it is given. */
export function randomValues(program: TrainingProgram, initial: ReadonlyMap<string, Float32Array>, seed: number): Map<string, Float32Array> {
  const rng = createRng(seed)
  const values = new Map([...initial].map(([name, value]) => [name, value.slice()]))
  values.get('head/weight')!.forEach((_, i, array) => (array[i] = 0.5 * rng.normal()))
  for (const { name, kind } of program.variables) {
    if (kind === 'gamma') values.get(name)!.forEach((_, i, array) => (array[i] = 0.5 + rng.float()))
    if (kind === 'beta' || kind === 'bias') values.get(name)!.forEach((_, i, array) => (array[i] = 0.3 * rng.normal()))
  }
  return values
}

/** Length of a - b over length of b. */
export function relativeError(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length)
  const difference = a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0)
  return Math.sqrt(difference / b.reduce((sum, value) => sum + value ** 2, 0))
}

/**
 * Each has a block of stride 1 and one of stride 2; at 32 pixels the blocks work on 8x8 and 4x4, at 28 on 7x7 and 4x4, at 18
 * on 5x5 and 3x3, so that stride 2 meets even and odd sizes; at 8 on 2x2 and 1x1, where convolutions are emitted tap by tap.
 */
export const everyOperation: readonly (readonly [string, string])[] = [
  ['conv3x3', '0-_8_1-2'],
  ['conv3x3 twice', '020-_8_1-2'],
  ['bottleneck of conv1x1', '10001-_16_1-2'],
  ['stride in a conv1x1', '1-_8_1-2'],
  ['two groups', '2-_8_1-2'],
  ['four groups', '3-_8_1-2'],
  ['depthwise', '4-_8_1-1'],
  ['depthwise with a channel multiplier', '4-_8_1-2'],
  ['groups of 32 channels', '5-_64_1-2'],
  ['separable', '6-_8_1-2'],
  ['two groups after conv1x1', '122-_8_1-2'],
  ['add from the input', '02020-a02_8_1-2'],
  ['add of a place', '02020-a12a13_8_1-2'],
  ['add over equal shapes', '020-a01_8_1-1'],
  ['concat from the input', '01020-c01_8_1-2'],
  ['concat of a place', '02020-c12_8_1-2'],
  ['concat and add into one place', '02020-a12c02_8_1-2'],
  ['concat before add into one place', '02020-c02a12_8_1-2'],
  ['add from the input to the first place across stride', '131-a01_8_1-2'],
]
