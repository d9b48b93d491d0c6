import { describe, expect, test } from 'vitest'
import { EnvironmentError, InvalidInputError } from '../../shared/errors.js'
import { chooseGpus } from '../../worker/agent/gpus.js'
import { parseNvidia, type NvidiaStatus } from '../../worker/tensorflow/native/nvidia.js'

const listing = ['0, GPU-aaaa, NVIDIA H100 80GB HBM3, 81559, 550.54.15, 9.0', '1, GPU-bbbb, NVIDIA H100 80GB HBM3, 81559, 550.54.15, 9.0', '2, GPU-cccc, NVIDIA A10, 23028, 550.54.15, 8.6']
const status: NvidiaStatus = { kind: 'gpus', gpus: parseNvidia(listing.join('\n')) }

describe("a host's GPUs", () => {
  test('are chosen by number or UUID, or all, where they are of one kind', () => {
    expect(chooseGpus('0,GPU-bbbb', status).map(({ index }) => index)).toEqual([0, 1])
    expect(chooseGpus('2', status)).toMatchObject([{ index: 2, uuid: 'GPU-cccc', name: 'NVIDIA A10', memoryMib: 23028 }])
    expect(() => chooseGpus('all', status)).toThrow(/several kinds/)
    expect(() => chooseGpus('0,0', status)).toThrow(/twice/)
    expect(() => chooseGpus('7', status)).toThrow(/no GPU '7'; nvidia-smi lists 0 \(NVIDIA H100/)
  })

  test('a host without any, or whose driver fails, says so', () => {
    expect(() => chooseGpus('all', { kind: 'none' })).toThrow(InvalidInputError)
    expect(() => chooseGpus('0', { kind: 'none' })).toThrow(/nvidia-smi lists none/)
    expect(() => chooseGpus('all', { kind: 'broken', reason: 'driver/library version mismatch' })).toThrow(EnvironmentError)
  })
})
