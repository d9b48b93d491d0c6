import { expect } from 'vitest'
import { buildLayerGraph } from '../../shared/network/build.js'
import type { LayerGraph } from '../../shared/network/layer-graph.js'
import { createRng } from '../../shared/rng.js'
import { parseGenome } from '../../shared/space/parse.js'
import { type ProgramOptions, type TrainingProgram, buildTrainingProgram } from '../../worker/tensorflow/program.js'
import { type Batch, TrainingSession } from '../../worker/tensorflow/session.js'

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
  const program = buildTrainingProgram(graph, options)
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
