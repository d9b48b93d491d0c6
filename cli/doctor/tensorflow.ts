import { messageOf } from '../../shared/errors.js'
import { requireCompiler } from '../../worker/tensorflow/native/addon.js'
import { findSetUpLibrary } from '../../worker/tensorflow/native/ensure.js'
import { findPip } from '../../worker/tensorflow/native/pip.js'
import { type TensorFlowFacts, probeTensorFlow } from '../../worker/tensorflow/native/probe-tensorflow.js'
import { realSystem } from '../../worker/tensorflow/native/setup-system.js'
import { type Check, checkOf, failed, passed } from './check.js'

/** TensorFlow as a process sees that loads it; where it is not set up, what a set-up would need. */
export async function checkTensorFlow(): Promise<Check[]> {
  try {
    const library = await findSetUpLibrary()
    if (library === null) return [failed('tensorflow', 'not set up', 'run `nasoa setup`'), ...(await checkTools())]
    return describe(library.main, await probeTensorFlow())
  } catch (error) {
    return [failed('tensorflow', 'does not work', messageOf(error))]
  }
}

function describe(path: string, { tensorflow, tfjs, gpu, oneDnn, oneDnnIsa }: TensorFlowFacts): Check[] {
  return [
    passed('tensorflow', `${tensorflow} (${path})`),
    passed('tfjs', tfjs),
    passed('devices', gpu ? 'GPU' : 'CPU'),
    oneDnn || gpu
      ? passed('onednn', `${oneDnn ? 'on' : 'off'}${oneDnnIsa === null ? '' : `, ${oneDnnIsa}`}`)
      : failed('onednn', 'off', oneDnnAdvice(process.env.TF_ENABLE_ONEDNN_OPTS)),
  ]
}

function oneDnnAdvice(setting: string | undefined): string {
  return setting === undefined || setting === '1'
    ? 'this libtensorflow was built without oneDNN, so convolutions are slow: use the default build (unset NASOA_LIBTENSORFLOW)'
    : `convolutions are slow with TF_ENABLE_ONEDNN_OPTS=${setting}: unset it`
}

async function checkTools(): Promise<Check[]> {
  const { env, run } = realSystem(() => {})
  return [
    await checkOf('pip', async () => (await findPip(env, run)).join(' ')),
    await checkOf('compiler', () => requireCompiler(env)),
  ]
}
