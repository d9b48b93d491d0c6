import { expect, test } from 'vitest'
import { fastestOnCpu, fastestOnGpu } from '../../worker/trainer/fastest-precision.js'

test.each([
  [['avx2', 'fma'], 'float32'],
  [['avx2', 'avx512_bf16', 'avx512_fp16'], 'float32'],
  [['avx512_bf16', 'amx_tile', 'amx_bf16'], 'bfloat16'],
])('auto on a CPU with %j is %s', (features, precision) => {
  expect(fastestOnCpu(features)).toBe(precision)
})

test.each([
  ['6.1', 'float32'],
  ['7.0', 'float16'],
  ['8.6', 'float16'],
  ['10.0', 'float16'],
  [null, 'float32'],
])('auto on a GPU of compute capability %s is %s', (capability, precision) => {
  expect(fastestOnGpu(capability)).toBe(precision)
})
