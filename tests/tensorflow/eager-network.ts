import type { Scalar, Tensor, Tensor2D, Tensor4D, Variable } from '@tensorflow/tfjs-node-gpu'
import type { ConvolutionLayer, Layer, LayerGraph } from '../../shared/network/layer-graph.js'
import type { TensorFlow } from '../../worker/tensorflow/native/load.js'
import type { Batch } from '../../worker/tensorflow/session.js'

/**
 * The same network out of tfjs's own eager operations and gradients: an independent reference for the compiled program.
 * Grouped convolutions are slices, batch normalization is spelled out, padding is a `pad`.
 */
export interface EagerResult {
  readonly loss: number
  readonly logits: Float32Array
  readonly gradients: Map<string, Float32Array>
  /** Mean and biased variance of the input of each batch normalization, and the number of values per channel. */
  readonly statistics: Map<string, { mean: Float32Array; variance: Float32Array; count: number }>
}

export function runEagerly(
  tf: TensorFlow,
  graph: LayerGraph,
  values: ReadonlyMap<string, Float32Array>,
  shapes: ReadonlyMap<string, readonly number[]>,
  trainable: readonly string[],
  batch: Batch,
  labelSmoothing: number,
): EagerResult {
  const statistics: EagerResult['statistics'] = new Map()
  let logits: Float32Array = new Float32Array()
  tf.engine().startScope()
  try {
    const variables = new Map([...shapes].map(([name, shape]) => [name, tf.variable(tf.tensor(values.get(name)!, [...shape]))]))
    const network = new EagerNetwork(tf, graph, variables, statistics)
    const images = normalize(tf, batch.images, graph.resolution)
    const { value, grads } = tf.variableGrads(
      () => {
        const output = network.forward(images)
        logits = output.dataSync<'float32'>()
        return smoothedLoss(tf, output, batch.labels, graph.classes, labelSmoothing)
      },
      trainable.map((name) => variables.get(name)!),
    )
    const names = new Map(trainable.map((name) => [variables.get(name)!.name, name]))
    const gradients = new Map(Object.entries(grads).map(([name, gradient]) => [names.get(name)!, gradient.dataSync<'float32'>()]))
    const loss = value.dataSync()[0]
    variables.forEach((variable) => variable.dispose())
    return { loss, logits, gradients, statistics }
  } finally {
    tf.engine().endScope()
  }
}

class EagerNetwork {
  constructor(
    private readonly tf: TensorFlow,
    private readonly graph: LayerGraph,
    private readonly variables: ReadonlyMap<string, Variable>,
    private readonly statistics: EagerResult['statistics'],
  ) {}

  forward(images: Tensor4D): Tensor2D {
    const outputs: Tensor[] = []
    for (const layer of this.graph.layers) outputs.push(this.layer(layer, images, outputs))
    return outputs[outputs.length - 1] as Tensor2D
  }

  private layer(layer: Layer, images: Tensor4D, outputs: readonly Tensor[]): Tensor {
    const { tf } = this
    switch (layer.kind) {
      case 'input':
        return images
      case 'convolution':
        return this.convolution(layer, outputs[layer.input] as Tensor4D)
      case 'batch_normalization':
        return this.normalization(layer.name, outputs[layer.input] as Tensor4D)
      case 'relu':
        return tf.relu(outputs[layer.input])
      case 'add':
        return tf.add(outputs[layer.inputs[0]], outputs[layer.inputs[1]])
      case 'concat':
        return tf.concat([outputs[layer.inputs[0]], outputs[layer.inputs[1]]], 3)
      case 'global_average_pool':
        return tf.mean(outputs[layer.input], [1, 2])
      case 'fully_connected':
        return tf.matMul(outputs[layer.input] as Tensor2D, this.variable(layer.name, 'weight') as Tensor2D).add(this.variable(layer.name, 'bias'))
    }
  }

  private convolution({ name, padding: p, stride, groups }: ConvolutionLayer, input: Tensor4D): Tensor4D {
    const { tf } = this
    const filter = this.variable(name, 'weight') as Tensor4D
    const padded = p === 0 ? input : tf.pad(input, [[0, 0], [p, p], [p, p], [0, 0]])
    if (groups > 1 && groups === input.shape[3]) return tf.depthwiseConv2d(padded, filter, stride, 'valid')
    if (groups === 1) return tf.conv2d(padded, filter, stride, 'valid')
    const part = (x: Tensor4D, group: number): Tensor4D => {
      const [a, b, c, channels] = x.shape
      return tf.slice(x, [0, 0, 0, (group * channels) / groups], [a, b, c, channels / groups])
    }
    return tf.concat(Array.from({ length: groups }, (_, group) => tf.conv2d(part(padded, group), part(filter, group), stride, 'valid')), 3)
  }

  private normalization(name: string, input: Tensor4D): Tensor {
    const { mean, variance } = this.tf.moments(input, [0, 1, 2])
    const count = input.size / input.shape[3]
    this.statistics.set(name, { mean: mean.dataSync<'float32'>(), variance: variance.dataSync<'float32'>(), count })
    const normalized = input.sub(mean).div(variance.add(1e-5).sqrt())
    return normalized.mul(this.variable(name, 'gamma')).add(this.variable(name, 'beta'))
  }

  private variable(layer: string, kind: string): Variable {
    return this.variables.get(`${layer}/${kind}`)!
  }
}

function normalize(tf: TensorFlow, bytes: Uint8Array, resolution: number): Tensor4D {
  const pixels = tf.tensor4d(Float32Array.from(bytes), [bytes.length / (resolution ** 2 * 3), resolution, resolution, 3])
  return pixels.div(255).sub([0.485, 0.456, 0.406]).div([0.229, 0.224, 0.225])
}

/** PyTorch's definition: (1 - s) x cross entropy + s x mean over all classes of -log p. */
function smoothedLoss(tf: TensorFlow, logits: Tensor2D, labels: Int32Array, classes: number, smoothing: number): Scalar {
  const logProbabilities = tf.logSoftmax(logits)
  const own = tf.oneHot(tf.tensor1d(labels, 'int32'), classes).mul(logProbabilities).sum(1).neg()
  const all = logProbabilities.mean(1).neg()
  return own.mul(1 - smoothing).add(all.mul(smoothing)).mean()
}
