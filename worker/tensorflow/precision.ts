import type { Precision } from '../../shared/training/specification.js'
import { DataType } from './proto/gen/program.js'

const computeTypes: Readonly<Record<Precision, DataType>> = {
  float32: DataType.DT_FLOAT,
  bfloat16: DataType.DT_BFLOAT16,
  float16: DataType.DT_HALF,
}

/**
 * The type of the feature maps and of what convolutions and matrix products take. Variables, statistics of batch
 * normalization, loss and update are float32 in every precision.
 */
export function computeType(precision: Precision): DataType {
  return computeTypes[precision]
}

/** Whether gradients could vanish in the type unless the loss is scaled: float16 has no more than 2^-24, bfloat16 float32's range. */
export function needsLossScale(precision: Precision): boolean {
  return precision === 'float16'
}
