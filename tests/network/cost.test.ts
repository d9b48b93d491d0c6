import { describe, expect, test } from 'vitest'
import { buildLayerGraph } from '../../shared/network/build.js'
import { networkCost } from '../../shared/network/cost.js'
import { genomeCost } from '../../shared/network/genome-cost.js'
import { canonicalEncoding } from '../../shared/space/canonical.js'
import { formatGenome } from '../../shared/space/format.js'
import { parseGenome } from '../../shared/space/parse.js'
import { derivedNetworks, publishedNetworks, referenceNetworks } from './published-networks.js'

test('the tables are complete', () => {
  expect(referenceNetworks).toHaveLength(34)
  expect(derivedNetworks).toHaveLength(20)
})

describe.each(publishedNetworks)('$encoding at $resolution pixels, $classes classes', ({ encoding, resolution, classes, ...published }) => {
  const genome = parseGenome(encoding)

  test('costs exactly what was counted', () => {
    const { params, macs, activations } = published
    expect(networkCost(buildLayerGraph(genome, { resolution, classes }))).toEqual({ params, macs, activations })
    expect(genomeCost(genome, { resolution, classes })).toEqual({ params, macs, activations })
  })

  test('reads back as it was written', () => {
    expect(formatGenome(genome)).toBe(encoding)
  })
})

test.each(referenceNetworks)('the released $encoding is canonical', ({ encoding }) => {
  expect(canonicalEncoding(parseGenome(encoding))).toBe(encoding)
})
