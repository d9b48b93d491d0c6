import type { Precision } from '../../shared/training/specification.js'

/** Volta: the first GPUs with units for products of float16 matrices. */
const oldestHalfGpu = 7
/** Tiles that multiply bfloat16 (Sapphire Rapids and later). Vector instructions for it alone (avx512_bf16) do not make steps faster. */
const tiles = 'amx_bf16'

/**
 * What `--precision auto` stands for on a GPU; docs/training-engine.md has the reasons.
 * @param computeCapability such as `9.0`; null where the driver does not tell
 */
export function fastestOnGpu(computeCapability: string | null): Precision {
  return Number(computeCapability) >= oldestHalfGpu ? 'float16' : 'float32'
}

/** The same on a CPU. @param features as `describeCpu` names them */
export function fastestOnCpu(features: readonly string[]): Precision {
  return features.includes(tiles) ? 'bfloat16' : 'float32'
}
