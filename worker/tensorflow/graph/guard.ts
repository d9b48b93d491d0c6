import { DataType } from '../proto/gen/program.js'
import { integerAttribute, typeAttribute } from './attributes.js'
import type { GraphBuilder } from './graph-builder.js'
import type { Tensor } from './tensor.js'

const { DT_BOOL, DT_INT32 } = DataType

/**
 * Effects that happen only if a flag is true, the way TensorFlow 1 lowers a conditional: of a Switch one output is dead, what
 * waits for a dead node does not run, and a Merge goes on with the side that lives. Nothing is copied or computed for the
 * sake of a step that may not happen.
 */
export class Guard {
  /** To be put in `after` of each node that runs only if the flag is true. */
  readonly open: Tensor
  private readonly closed: Tensor

  /** @param flag bool scalar */
  constructor(
    private readonly builder: GraphBuilder,
    flag: Tensor,
  ) {
    const specification = { operation: 'Switch', inputs: [flag, flag], attributes: { T: typeAttribute(DT_BOOL) } }
    const [whenFalse, whenTrue] = builder.nodeWithOutputs(specification, [DT_BOOL, DT_BOOL])
    this.open = this.identity(whenTrue, [])
    this.closed = this.identity(whenFalse, [])
  }

  /** Stands for the guarded effects having happened, or not: what waits for it runs either way. */
  join(effects: readonly Tensor[]): Tensor {
    const inputs = [this.identity(this.open, effects), this.closed]
    const attributes = { T: typeAttribute(DT_BOOL), N: integerAttribute(inputs.length) }
    return this.builder.nodeWithOutputs({ operation: 'Merge', inputs, attributes }, [DT_BOOL, DT_INT32])[0]
  }

  private identity(flag: Tensor, after: readonly Tensor[]): Tensor {
    return this.builder.node({ operation: 'Identity', inputs: [flag], after, attributes: { T: typeAttribute(DT_BOOL) } }, DT_BOOL)
  }
}
