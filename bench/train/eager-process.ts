import { buildLayerGraph } from '../../shared/network/build.js'
import { parseGenome } from '../../shared/space/parse.js'
import { type Tensor2D, type Tensor4D, loadTensorFlow } from '../../worker/tensorflow/native/load.js'
import type { Cell } from './cell.js'
import { EagerNetwork } from './eager-network.js'
import { serveLines } from './serve-lines.js'
import { syntheticBatch } from './synthetic-batch.js'

/** Eager tfjs on the same native library, images and targets in memory as floats. */
const threads = Number(process.argv[2])
const tf = await loadTensorFlow({ intraOpThreads: threads, interOpThreads: threads })
let network: EagerNetwork | null = null
let images: Tensor4D
let targets: Tensor2D
let optimizer: ReturnType<typeof tf.train.momentum>

function prepare(cell: Cell): void {
  network?.dispose()
  network = null
  tf.dispose([images, targets])
  network = new EagerNetwork(tf, buildLayerGraph(parseGenome(cell.encoding), cell))
  const batch = syntheticBatch(cell)
  images = tf.tidy(() => tf.tensor4d(Float32Array.from(batch.images), [cell.batch, cell.resolution, cell.resolution, 3]).div(127.5).sub(1))
  targets = tf.tidy(() => tf.oneHot(tf.tensor1d(batch.labels, 'int32'), cell.classes).mul<Tensor2D>(0.9).add(0.1 / cell.classes))
  optimizer = tf.train.momentum(0, 0.9, true)
}

function step(): number {
  const { trainable, weights } = network!
  const start = performance.now()
  tf.tidy(() => {
    const { value, grads } = tf.variableGrads(() => network!.loss(images, targets), trainable)
    for (const weight of weights) grads[weight.name] = grads[weight.name].add(weight.mul(5e-4))
    optimizer.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })))
    value.dataSync()
  })
  return performance.now() - start
}

await serveLines((question) => {
  if (question.kind !== 'prepare') return Promise.resolve({ ms: step() })
  return new Promise((resolve) => resolve((prepare(question.cell as Cell), { version: tf.version.tfjs })))
})
