import { describe, expect, it } from 'vitest'
import { runCommand } from '../../worker/tensorflow/native/command.js'
import { type ComputeDevice, computeDevice, cpuClass, deviceOptions } from '../../worker/trainer/device.js'
import { pathWith } from '../native/fake-programs.js'

const lines = ['0, GPU-aa1, NVIDIA H100 80GB HBM3, 81559, 580.1, 9.0', '1, GPU-aa2, Tesla P100, 16280, 580.1, 6.0']
const gpuOf = (visible: string | undefined, script = `printf '${lines.join('\\n')}\\n'`): Promise<ComputeDevice> =>
  computeDevice(true, undefined, { PATH: pathWith({ 'nvidia-smi': script }), CUDA_VISIBLE_DEVICES: visible }, runCommand)

describe('the device of a trainer', () => {
  it.each([
    [undefined, 'NVIDIA H100 80GB HBM3', 'float16'],
    ['', 'NVIDIA H100 80GB HBM3', 'float16'],
    ['0', 'NVIDIA H100 80GB HBM3', 'float16'],
    ['1,0', 'Tesla P100', 'float32'],
    ['GPU-aa2', 'Tesla P100', 'float32'],
    ['GPU-aa', 'NVIDIA H100 80GB HBM3', 'float16'],
    ['MIG-aa2', 'GPU', 'float32'],
  ])('is the first GPU that CUDA may see: %s', async (visible, deviceClass, precision) => {
    const device = await gpuOf(visible)
    expect(device).toMatchObject({ kind: 'gpu', deviceClass })
    expect(deviceOptions('auto', device)).toEqual({ device: 'gpu', oneDnn: false, precision })
    expect(deviceOptions('bfloat16', device).precision).toBe('bfloat16')
  })

  it('is a GPU without a name where nvidia-smi fails', async () => {
    expect(await gpuOf('0', 'exit 18')).toEqual({ kind: 'gpu', deviceClass: 'GPU', computeCapability: null })
  })

  it('is a processor with a number of threads where TensorFlow found no GPU, and nvidia-smi is not asked', async () => {
    const neverAsked = (): never => expect.unreachable()
    expect(await computeDevice(false, 3, {}, neverAsked)).toEqual({ kind: 'cpu', deviceClass: cpuClass(3) })
    expect(cpuClass(3)).toMatch(/, 3 threads$/)
  })
})
