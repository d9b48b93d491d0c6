import type { Precision } from '../../shared/training/specification.js'

/** What a device says of itself, as far as the speed of number formats goes by it. */
export type DeviceFormats =
  | { readonly kind: 'cpu' }
  /** `computeCapability` such as `9.0`; null where the driver does not tell. */
  | { readonly kind: 'gpu'; readonly computeCapability: string | null }

/** Volta: the first GPUs with units for products of float16 matrices. */
const oldestHalfGpu = 7

/** What `--precision auto` stands for on a device; docs/training-engine.md has the reasons. */
export function fastestPrecision(device: DeviceFormats): Precision {
  return device.kind === 'gpu' && Number(device.computeCapability) >= oldestHalfGpu ? 'float16' : 'float32'
}
