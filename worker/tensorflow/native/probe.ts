/**
 * Child process of `probeTensorFlow`: runs one convolution, so that oneDNN's own log shows whether it was used,
 * and sends what the loaded library says of itself.
 */
import type { Rank } from '@tensorflow/tfjs-node-gpu'
import { isUsingGpu, loadTensorFlow, nativeVersion } from './load.js'

const tf = await loadTensorFlow()
const output = tf.tidy(() => tf.conv2d(tf.ones<Rank.R4>([1, 16, 16, 8]), tf.ones<Rank.R4>([3, 3, 8, 8]), 1, 'valid').dataSync())
process.send?.({ tensorflow: nativeVersion(tf), tfjs: tf.version['tfjs-core'], gpu: isUsingGpu(tf), sample: output[0] }, () => process.disconnect())
