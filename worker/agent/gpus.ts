import { execFileSync } from 'node:child_process'
import { EnvironmentError, InvalidInputError, messageOf } from '../../shared/errors.js'

/** A GPU as nvidia-smi tells of it. */
export interface Gpu {
  /** As nvidia-smi counts, from 0. */
  readonly index: number
  /** Names it whatever else is visible, also to CUDA. */
  readonly uuid: string
  readonly name: string
  readonly memoryMb: number
}

/** All GPUs of this machine, by nvidia-smi, so that no GPU library is needed. @throws EnvironmentError when it cannot be run */
export function readGpus(): Gpu[] {
  try {
    const words = ['--query-gpu=index,uuid,name,memory.total', '--format=csv,noheader,nounits']
    return parseGpus(execFileSync('nvidia-smi', words, { encoding: 'utf8', timeout: 20_000, stdio: ['ignore', 'pipe', 'pipe'] }))
  } catch (error) {
    throw new EnvironmentError(`nvidia-smi does not tell the GPUs of this machine (${messageOf(error)}): install NVIDIA's driver, or use --gpus none`)
  }
}

/** Lines of `index, uuid, name, memory in MiB`. */
export function parseGpus(text: string): Gpu[] {
  return text
    .split('\n')
    .map((line) => line.split(',').map((field) => field.trim()))
    .filter((fields) => fields.length === 4 && /^\d+$/.test(fields[0]))
    .map(([index, uuid, name, memoryMb]) => ({ index: Number(index), uuid, name, memoryMb: Number(memoryMb) || 0 }))
}

/**
 * The GPUs that a worker is to use, one for each slot: `all`, or numbers and UUIDs with commas between.
 * @throws InvalidInputError for one that is not there or named twice, or where they are of several kinds, whose times cannot be compared
 */
export function chooseGpus(wanted: string, gpus: readonly Gpu[]): Gpu[] {
  const chosen = wanted === 'all' ? [...gpus] : wanted.split(',').map((word) => find(word.trim(), gpus))
  if (chosen.length === 0) throw new InvalidInputError('--gpus all: nvidia-smi lists no GPU on this machine; use --gpus none')
  if (new Set(chosen).size < chosen.length) throw new InvalidInputError(`--gpus ${wanted} names a GPU twice`)
  const kinds = [...new Set(chosen.map(({ name }) => name))]
  if (kinds.length > 1) {
    throw new InvalidInputError(`--gpus ${wanted}: these are of several kinds (${kinds.join('; ')}), whose times cannot be compared: start one worker for each kind`)
  }
  return chosen
}

function find(word: string, gpus: readonly Gpu[]): Gpu {
  const found = gpus.find(({ index, uuid }) => String(index) === word || uuid === word)
  if (found) return found
  const there = gpus.map(({ index, name }) => `${index} (${name})`).join(', ') || 'none'
  throw new InvalidInputError(`--gpus: there is no GPU '${word}'; nvidia-smi lists ${there}`)
}
