import { describe, expect, it } from 'vitest'
import { referenceNetworks } from '../network/published-networks.js'
import { graphOf, randomBatch, withSession } from './networks.js'

describe('every released network', () => {
  it.each(referenceNetworks)('learns a fixed batch: $encoding', { timeout: 180_000 }, async ({ encoding }) => {
    const graph = graphOf(encoding, 32, 10)
    await withSession(graph, { batch: 4 }, (session) => {
      session.initialize(1)
      const batch = randomBatch(graph, 4, 2)
      // The first steps of the deepest networks may go up: four images are few for batch norm.
      const losses = Array.from({ length: 6 }, () => session.trainStep(batch, 0.002).loss)
      expect(losses[5]).toBeLessThan(losses[0])
    })
  })
})
