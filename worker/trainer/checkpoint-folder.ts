import { copyFile, mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { EnvironmentError, messageOf } from '../../shared/errors.js'
import { readCheckpoint, writeCheckpoint } from '../tensorflow/checkpoint.js'
import type { TrainableNetwork } from './engine.js'
import { type TrainingProgress, progressFromMetadata, progressToMetadata } from './progress.js'

/** A checkpoint cannot be written. */
export class DiskError extends EnvironmentError {
  override readonly code = 'disk'
}

/** Where a training writes its checkpoints: `last.safetensors` after each epoch, and `best.safetensors` of the best epoch so far. */
export class CheckpointFolder {
  constructor(
    private readonly directory: string,
    private readonly fingerprint: string,
  ) {}

  /** Replaces the last checkpoint as a whole or not at all. @returns its path @throws DiskError */
  async write(network: TrainableNetwork, progress: TrainingProgress): Promise<string> {
    const last = join(this.directory, 'last.safetensors')
    const variables = network.read()
    try {
      await mkdir(this.directory, { recursive: true })
      await writeCheckpoint(last, variables, network.shapes, progressToMetadata(progress, this.fingerprint))
      if (progress.top1 >= progress.bestTop1) await this.copyToBest(last)
    } catch (error) {
      throw new DiskError(messageOf(error), { directory: this.directory }, { cause: error })
    }
    return last
  }

  private async copyToBest(last: string): Promise<void> {
    const best = join(this.directory, 'best.safetensors')
    await copyFile(last, `${best}.part`)
    await rename(`${best}.part`, best)
  }
}

/** Puts a checkpoint's variables into the network. @returns where its training stood */
export async function resumeFrom(path: string, network: TrainableNetwork, fingerprint: string): Promise<TrainingProgress> {
  const { variables, metadata } = await readCheckpoint(path, network.shapes)
  const progress = progressFromMetadata(metadata, fingerprint, path)
  network.restore(variables)
  return progress
}
