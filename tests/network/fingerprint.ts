import type { Layer, LayerGraph } from '../../shared/network/layer-graph.js'

/** Numbers equal structures alike. */
class Interner {
  private readonly known = new Map<string, number>()

  number(structure: string): number {
    const found = this.known.get(structure) ?? this.known.size
    this.known.set(structure, found)
    return found
  }
}

/**
 * What a graph computes, apart from names, ids and the order of additions: equal for two graphs exactly when one is the other with
 * its layers renamed and its sums reordered. Knows nothing of encodings. Comparable between calls with the same interner.
 */
export function fingerprint({ layers }: LayerGraph, interner: Interner): number {
  const numbers: number[] = []
  const summands = (id: number): number[] => {
    const layer = layers[id]
    return layer.kind === 'add' ? layer.inputs.flatMap(summands) : [numbers[id]]
  }
  const structure = (layer: Layer): unknown[] => {
    const { channels } = layer.output
    switch (layer.kind) {
      case 'input':
        return []
      case 'add':
        return summands(layer.id).sort((a, b) => a - b)
      case 'concat':
        return layer.inputs.map((id) => numbers[id])
      case 'convolution':
        return [numbers[layer.input], layer.kernel, layer.stride, layer.groups, channels]
      default:
        return [numbers[layer.input], channels]
    }
  }
  for (const layer of layers) numbers.push(interner.number(JSON.stringify([layer.kind, ...structure(layer)])))
  return numbers[numbers.length - 1]
}

export const createInterner = (): Interner => new Interner()
