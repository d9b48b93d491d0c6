import { cacheFolder } from '../../worker/tensorflow/native/cache.js'
import { findSetUpLibrary } from '../../worker/tensorflow/native/ensure.js'
import { neededBytes } from '../../worker/tensorflow/native/download.js'
import { currentPlatform } from '../../worker/tensorflow/native/platform.js'
import { releaseFor } from '../../worker/tensorflow/native/release.js'
import { chosenVariant } from '../../worker/tensorflow/native/variant.js'
import { checkCertificate } from './certificate.js'
import type { Check } from './check.js'
import { checkCache, checkData } from './folders.js'
import { checkGpus } from './gpu.js'
import { checkMachine } from './machine.js'
import { checkTensorFlow } from './tensorflow.js'

/**
 * Looks at everything that a worker on this machine needs; never throws for what it finds.
 * @param data folder to check as well
 * @param tls certificate to check as well
 */
export async function examine(data: string | undefined, tls?: string): Promise<Check[]> {
  return [
    ...(await checkMachine()),
    ...(await checkGpus(process.env)),
    ...(await checkTensorFlow()),
    ...(await checkCache(process.env, await spaceToCome())),
    ...(data === undefined ? [] : [await checkData(data)]),
    ...(tls === undefined ? [] : checkCertificate(tls, Date.now())),
  ]
}

/** Results and checkpoints are small beside a set-up that is still to come. */
const workingBytes = 500e6

async function spaceToCome(): Promise<number> {
  try {
    return (await findSetUpLibrary()) === null ? neededBytes(releaseFor(await currentPlatform(), chosenVariant(cacheFolder()))) : workingBytes
  } catch {
    return workingBytes
  }
}
