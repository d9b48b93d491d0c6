import { readFileSync } from 'node:fs'

export interface PublishedNetwork {
  readonly encoding: string
  readonly resolution: number
  readonly classes: number
  readonly params: number
  readonly macs: number
  readonly activations: number
}

function readTable(name: string): PublishedNetwork[] {
  const lines = readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8').trim().split('\n')
  return lines.slice(1).map((line) => {
    const [encoding, ...numbers] = line.split(',')
    const [resolution, classes, params, macs, activations] = numbers.map(Number)
    return { encoding, resolution, classes, params, macs, activations }
  })
}

export const referenceNetworks = readTable('reference-networks.csv')
export const derivedNetworks = readTable('derived-networks.csv')
export const publishedNetworks = [...referenceNetworks, ...derivedNetworks]
