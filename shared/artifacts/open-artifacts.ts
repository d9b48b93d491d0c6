import { resolve } from 'node:path'
import type { Logger } from 'pino'
import { UnavailableError, messageOf } from '../errors.js'
import type { ArtifactStore } from './artifact-store.js'
import { FolderArtifacts } from './folder-artifacts.js'

/**
 * The store at a place: a folder, or `s3://bucket/prefix`. One that is away may come back; one that cannot be used is said so.
 * @throws InvalidInputError, EnvironmentError
 */
export async function openArtifacts(place: string, env: NodeJS.ProcessEnv, logger: Logger): Promise<ArtifactStore> {
  const store = await storeAt(place, env)
  try {
    await store.probe()
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error
    logger.warn({ error: messageOf(error) }, 'the artifact store is away; until it is back, trainings cannot go on elsewhere')
  }
  return store
}

async function storeAt(place: string, env: NodeJS.ProcessEnv): Promise<ArtifactStore> {
  if (!place.includes('://')) return new FolderArtifacts(resolve(place))
  // Only where it is used: it takes a moment to load.
  const { S3Artifacts, parseS3Location } = await import('./s3-artifacts.js')
  return new S3Artifacts(parseS3Location(place), { env })
}
