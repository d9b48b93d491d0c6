import { expect, test } from 'vitest'
import { fastestPrecision } from '../../worker/trainer/fastest-precision.js'

test.each([
  [{ kind: 'cpu', features: ['avx2', 'avx512_bf16', 'avx512_fp16'] }, 'float32'],
  [{ kind: 'cpu', features: ['avx512_bf16', 'amx_tile', 'amx_bf16'] }, 'bfloat16'],
  [{ kind: 'gpu', computeCapability: '6.1' }, 'float32'],
  [{ kind: 'gpu', computeCapability: '7.0' }, 'float16'],
  [{ kind: 'gpu', computeCapability: '8.6' }, 'float16'],
  [{ kind: 'gpu', computeCapability: '10.0' }, 'float16'],
  [{ kind: 'gpu', computeCapability: null }, 'float32'],
] as const)('auto on %j is %s', (device, precision) => {
  expect(fastestPrecision(device)).toBe(precision)
})
