import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EnvironmentError, InvalidInputError } from '../../shared/errors.js'
import { chooseGpus, readGpus } from '../../worker/agent/gpus.js'

const listing = ['0, GPU-aaaa, NVIDIA H100 80GB HBM3, 81559', '1, GPU-bbbb, NVIDIA H100 80GB HBM3, 81559', '2, GPU-cccc, NVIDIA A10, 23028']

describe("a host's GPUs", () => {
  let folder: string
  const path = process.env.PATH

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nasoa-gpus-'))
    process.env.PATH = `${folder}${delimiter}${path}`
  })
  afterEach(() => {
    process.env.PATH = path
    rmSync(folder, { recursive: true, force: true })
  })

  function fakeNvidiaSmi(script: string): void {
    writeFileSync(join(folder, 'nvidia-smi'), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, 'nvidia-smi'), 0o755)
  }

  test('are those that nvidia-smi lists', () => {
    fakeNvidiaSmi(`[ "$1" = --query-gpu=index,uuid,name,memory.total ] || exit 2\ncat <<'END'\n${listing.join('\n')}\nEND`)
    const gpus = readGpus()
    expect(gpus).toHaveLength(3)
    expect(gpus[2]).toEqual({ index: 2, uuid: 'GPU-cccc', name: 'NVIDIA A10', memoryMb: 23028 })
    expect(chooseGpus('0,GPU-bbbb', gpus).map(({ index }) => index)).toEqual([0, 1])
    expect(chooseGpus('2', gpus).map(({ name }) => name)).toEqual(['NVIDIA A10'])
    expect(() => chooseGpus('all', gpus)).toThrow(/several kinds/)
    expect(() => chooseGpus('0,0', gpus)).toThrow(/twice/)
    expect(() => chooseGpus('7', gpus)).toThrow(/no GPU '7'; nvidia-smi lists 0 \(NVIDIA H100/)
  })

  test('a host without any, or whose driver fails, says so', () => {
    fakeNvidiaSmi('exit 0')
    expect(() => chooseGpus('all', readGpus())).toThrow(InvalidInputError)
    fakeNvidiaSmi('echo "driver/library version mismatch" >&2; exit 18')
    expect(() => readGpus()).toThrow(EnvironmentError)
  })
})
