import { describe, expect, it } from 'vitest'
import { referenceNetworks } from '../network/published-networks.js'
import { graphOf, randomBatch, withSession } from './networks.js'

describe('every released network', () => {
  it.each(referenceNetworks)('learns a fixed batch: $encoding', { timeout: 180_000 }, async ({ encoding }) => {
    const graph = graphOf(encoding, 32, 10)
    await withSession(graph, { batch: 4 }, (session) => {
      session.initialize(1)
      const batch = randomBatch(graph, 4, 2)
      const losses = [1, 2, 3].map(() => session.trainStep(batch, 0.002).loss)
      expect(losses[2]).toBeLessThan(losses[0])
    })
  })
})
