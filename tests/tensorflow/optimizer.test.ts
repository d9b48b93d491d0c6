import { describe, expect, it } from 'vitest'
import { createRng } from '../../shared/rng.js'
import { loadTensorFlow } from '../../worker/tensorflow/native/load.js'
import { momentumName } from '../../worker/tensorflow/variables.js'
import { runEagerly } from './eager-network.js'
import { graphOf, randomBatch, randomValues, relativeError, trainableNames, withSession } from './networks.js'

const graph = graphOf('020-_8_1-2', 32, 5)
const batch = randomBatch(graph, 4, 1)

describe('the optimizer', () => {
  // A processor runs the program for GPUs too, which updates all variables as vectors.
  it.each(['cpu', 'gpu'] as const)('of programs for a %s follows PyTorch: decayed gradient, velocity, Nesterov step; decay only on weights', async (device) => {
    const decay = 0.1
    const rate = 0.3
    await withSession(graph, { batch: 4, weightDecay: decay, device }, async (session, program) => {
      session.initialize(2)
      const start = randomValues(program, session.read(), 3)
      const rng = createRng(4)
      for (const { name, kind } of program.variables) {
        if (kind === 'momentum') start.set(name, start.get(name)!.map(() => 0.1 * rng.normal()))
      }
      session.restore(start)
      session.trainStep(batch, rate)
      const after = session.read()
      const { gradients } = runEagerly(await loadTensorFlow(), graph, start, session.shapes, trainableNames(program), batch, 0)
      for (const name of trainableNames(program)) {
        const weight = start.get(name)!
        const decays = name.endsWith('/weight')
        const gradient = gradients.get(name)!.map((value, i) => value + (decays ? decay * weight[i] : 0))
        const velocity = start.get(momentumName(name))!.map((value, i) => 0.9 * value + gradient[i])
        expect(relativeError(after.get(momentumName(name))!, velocity), name).toBeLessThan(1e-4)
        const expected = weight.map((value, i) => value - rate * (gradient[i] + 0.9 * velocity[i]))
        expect(relativeError(after.get(name)!, expected), name).toBeLessThan(1e-4)
      }
      expect(after.get('step')![0]).toBe(1)
    })
  })

  it('moves the moving statistics by a tenth towards those of the batch, the variance unbiased', async () => {
    await withSession(graph, { batch: 4 }, async (session, program) => {
      session.initialize(2)
      const start = randomValues(program, session.read(), 3)
      const rng = createRng(5)
      for (const { name, kind } of program.variables) {
        if (kind === 'moving_mean') start.set(name, start.get(name)!.map(() => rng.normal()))
        if (kind === 'moving_variance') start.set(name, start.get(name)!.map(() => 0.5 + rng.float()))
      }
      session.restore(start)
      session.trainStep(batch, 0.1)
      const after = session.read()
      const { statistics } = runEagerly(await loadTensorFlow(), graph, start, session.shapes, trainableNames(program), batch, 0)
      expect(statistics.size).toBeGreaterThan(5)
      for (const [layer, { mean, variance, count }] of statistics) {
        const nextMean = start.get(`${layer}/moving_mean`)!.map((value, i) => 0.9 * value + 0.1 * mean[i])
        const nextVariance = start.get(`${layer}/moving_variance`)!.map((value, i) => 0.9 * value + (0.1 * variance[i] * count) / (count - 1))
        expect(relativeError(after.get(`${layer}/moving_mean`)!, nextMean), layer).toBeLessThan(1e-5)
        expect(relativeError(after.get(`${layer}/moving_variance`)!, nextVariance), layer).toBeLessThan(1e-5)
      }
    })
  })

  it('evaluates with the moving statistics and without smoothing', async () => {
    await withSession(graph, { batch: 4, labelSmoothing: 0.3 }, async (session, program) => {
      session.initialize(2)
      const values = randomValues(program, session.read(), 3)
      const tf = await loadTensorFlow()
      const { statistics, loss, logits } = runEagerly(tf, graph, values, session.shapes, trainableNames(program), batch, 0)
      // With the batch's own (biased) statistics as moving ones, evaluation sees what training sees.
      for (const [layer, { mean, variance }] of statistics) {
        values.set(`${layer}/moving_mean`, mean).set(`${layer}/moving_variance`, variance)
      }
      session.restore(values)
      const result = session.evaluateStep(batch)
      expect(result.lossSum / 4).toBeCloseTo(loss, 4)
      const best = [0, 1, 2, 3].map((image) => logits.subarray(image * 5, image * 5 + 5)).map((row) => row.indexOf(Math.max(...row)))
      expect(result.correct).toBe(best.filter((label, image) => label === batch.labels[image]).length)
      expect(session.read()).toEqual(values)
    })
  })
})

describe('frozen stages', () => {
  it.each([1, 2, 3])('%i of them keep weights and statistics, and have no backward operations', async (frozenStages) => {
    await withSession(graph, { batch: 4, frozenStages, weightDecay: 0.01 }, (session, program) => {
      session.initialize(2)
      const before = session.read()
      expect(session.trainStep(batch, 0.1).diverged).toBe(false)
      const after = session.read()
      const stageOf = new Map(graph.layers.map(({ name, stage }) => [name, stage]))
      for (const { name, kind } of program.variables) {
        if (kind === 'momentum' || kind === 'step' || kind === 'loss_scale') continue
        const frozen = stageOf.get(name.slice(0, name.lastIndexOf('/')))! < frozenStages
        const same = before.get(name)!.every((value, i) => value === after.get(name)![i])
        expect(same, name).toBe(frozen)
      }
      const nodes = program.graphDef.node.map(({ name }) => name)
      const frozenLayers = graph.layers.filter(({ stage }) => stage < frozenStages).map(({ name }) => `train_step/gradient/${name}/`)
      expect(frozenLayers.filter((prefix) => nodes.some((name) => name.startsWith(prefix)))).toEqual([])
      expect(nodes.some((name) => name.startsWith('train_step/gradient/head/'))).toBe(true)
    })
  })
})
