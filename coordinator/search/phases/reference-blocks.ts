import { admit } from '../../../shared/space/admit.js'
import type { SpaceBounds } from '../../../shared/space/bounds.js'
import type { Genome } from '../../../shared/space/genome.js'
import { parseGenome } from '../../../shared/space/parse.js'

/** A block that others are commonly compared with. */
export interface ReferenceBlock {
  readonly name: string
  readonly block: Genome['block']
}

const blockOf = (encoding: string): Genome['block'] => parseGenome(`${encoding}_32_1`).block

/** Of ResNet (He et al., 2016) and of MobileNetV2 (Sandler et al., 2018), at an expansion of four. */
export const referenceBlocks: readonly ReferenceBlock[] = [
  { name: 'basic', block: blockOf('020-') },
  { name: 'bottleneck', block: blockOf('10001-') },
  { name: 'inverted bottleneck', block: blockOf('14441-') },
]

/** The reference blocks in the macro structure of a network, as far as the bounds allow them. */
export function referencesIn(macro: Genome, bounds: SpaceBounds): Genome[] {
  return referenceBlocks.flatMap(({ block }) => admit({ ...macro, block }, bounds) ?? [])
}
