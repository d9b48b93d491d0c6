import { buildLayerGraph } from '../../shared/network/build.js'
import { parseGenome } from '../../shared/space/parse.js'
import { isUsingGpu, loadTensorFlow, nativeVersion } from '../tensorflow/native/load.js'
import { buildTrainingProgram } from '../tensorflow/program.js'
import { TrainingSession } from '../tensorflow/session.js'
import { computeDevice, deviceOptions } from './device.js'
import type { TrainingEngine } from './engine.js'

/**
 * TensorFlow in this process, loaded (and set up, where it is not yet) with a number of threads.
 * @throws what `loadTensorFlow` throws
 */
export async function tensorFlowEngine(threads: number | undefined, progress: (line: string) => void): Promise<TrainingEngine> {
  const tf = await loadTensorFlow({ progress, ...(threads === undefined ? {} : { intraOpThreads: threads, interOpThreads: threads }) })
  const device = await computeDevice(isUsingGpu(tf), threads)
  return {
    device: { deviceClass: device.deviceClass, tensorflow: nativeVersion(tf) },
    open: ({ encoding, resolution, classes, batch, weightDecay, labelSmoothing, precision }) => {
      const graph = buildLayerGraph(parseGenome(encoding), { resolution, classes })
      const options = { batch, weightDecay, labelSmoothing, ...deviceOptions(precision, device) }
      return TrainingSession.open(buildTrainingProgram(graph, options))
    },
  }
}
