import type { Precision } from '../../shared/training/specification.js'

/** What a device says of itself, as far as the speed of number formats goes by it. */
export type DeviceFormats =
  /** `features` as `describeCpu` names them. */
  | { readonly kind: 'cpu'; readonly features: readonly string[] }
  /** `computeCapability` such as `9.0`; null where the driver does not tell. */
  | { readonly kind: 'gpu'; readonly computeCapability: string | null }

/** Volta: the first GPUs with units for products of float16 matrices. */
const oldestHalfGpu = 7
/** Tiles that multiply bfloat16 (Sapphire Rapids and later). Vector instructions for it alone (avx512_bf16) do not make steps faster. */
const tiles = 'amx_bf16'

/** What `--precision auto` stands for on a device; docs/training-engine.md has the reasons and the figures. */
export function fastestPrecision(device: DeviceFormats): Precision {
  if (device.kind === 'cpu') return device.features.includes(tiles) ? 'bfloat16' : 'float32'
  return Number(device.computeCapability) >= oldestHalfGpu ? 'float16' : 'float32'
}
