import { EnvironmentError, InvalidInputError } from '../../shared/errors.js'
import type { NvidiaGpu, NvidiaStatus } from '../tensorflow/native/nvidia.js'

/**
 * The GPUs that a worker is to use, one for each slot: `all`, or numbers and UUIDs with commas between.
 * @throws InvalidInputError for one that is not there or named twice, or where they are of several kinds, whose times cannot be
 * compared; EnvironmentError where nvidia-smi fails
 */
export function chooseGpus(wanted: string, status: NvidiaStatus): NvidiaGpu[] {
  const gpus = gpusOf(status)
  const chosen = wanted === 'all' ? [...gpus] : wanted.split(',').map((word) => find(word.trim(), gpus))
  if (chosen.length === 0) throw new InvalidInputError('--gpus all: nvidia-smi is not there or lists no GPU on this machine; use --gpus none')
  if (new Set(chosen).size < chosen.length) throw new InvalidInputError(`--gpus ${wanted} names a GPU twice`)
  const kinds = [...new Set(chosen.map(({ name }) => name))]
  if (kinds.length > 1) {
    throw new InvalidInputError(`--gpus ${wanted}: these are of several kinds (${kinds.join('; ')}), whose times cannot be compared: start one worker for each kind`)
  }
  return chosen
}

function gpusOf(status: NvidiaStatus): readonly NvidiaGpu[] {
  if (status.kind === 'broken') throw new EnvironmentError(`nvidia-smi does not tell the GPUs of this machine (${status.reason}): mend NVIDIA's driver, or use --gpus none`)
  return status.kind === 'gpus' ? status.gpus : []
}

function find(word: string, gpus: readonly NvidiaGpu[]): NvidiaGpu {
  const found = gpus.find(({ index, uuid }) => String(index) === word || uuid === word)
  if (found) return found
  const there = gpus.map(({ index, name }) => `${index} (${name})`).join(', ') || 'none'
  throw new InvalidInputError(`--gpus: there is no GPU '${word}'; nvidia-smi lists ${there}`)
}
