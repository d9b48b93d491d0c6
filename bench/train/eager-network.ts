import type { BatchNormalizationLayer, ConvolutionLayer, Layer, LayerGraph } from '../../shared/network/layer-graph.js'
import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor4D, TensorFlow, Variable } from '../../worker/tensorflow/native/load.js'
import { networkVariables, isDepthwise } from '../../worker/tensorflow/variables.js'
import { BenchError } from './bench-error.js'

/** The same network out of tfjs's own eager operations: what one would write with tfjs alone, to compare with. */
export class EagerNetwork {
  private readonly variables: ReadonlyMap<string, Variable>

  /** @throws BenchError for a network that tfjs cannot express */
  constructor(
    private readonly tf: TensorFlow,
    private readonly graph: LayerGraph,
  ) {
    const grouped = graph.layers.some((layer) => layer.kind === 'convolution' && layer.groups > 1 && !isDepthwise(layer))
    if (grouped) throw new BenchError('tfjs has no grouped convolutions')
    this.variables = new Map(networkVariables(graph, 0).map(({ name, shape, initializer, trainable }) => {
      const value = initializer.kind === 'normal' ? tf.randomNormal([...shape], 0, initializer.deviation) : tf.fill([...shape], initializer.kind === 'ones' ? 1 : 0)
      return [name, tf.variable(value, trainable)]
    }))
  }

  get trainable(): Variable[] {
    return [...this.variables.values()].filter((variable) => variable.trainable)
  }

  /** Those that weight decay applies to. */
  get weights(): Variable[] {
    return [...this.variables].filter(([name]) => name.endsWith('/weight')).map(([, variable]) => variable)
  }

  /** Mean cross entropy with smoothed labels. */
  loss(images: Tensor4D, targets: Tensor2D): Scalar {
    return this.tf.losses.softmaxCrossEntropy(targets, this.forward(images))
  }

  private forward(images: Tensor4D): Tensor2D {
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
        return this.normalization(layer, outputs[layer.input] as Tensor4D)
      case 'relu':
        return tf.relu(outputs[layer.input])
      case 'add':
        return tf.add(outputs[layer.inputs[0]], outputs[layer.inputs[1]])
      case 'concat':
        return tf.concat([outputs[layer.inputs[0]], outputs[layer.inputs[1]]], 3)
      case 'global_average_pool':
        return tf.mean(outputs[layer.input], [1, 2])
      case 'fully_connected':
        return tf.add(tf.matMul(outputs[layer.input] as Tensor2D, this.variable(layer, 'weight')), this.variable(layer, 'bias'))
    }
  }

  private convolution(layer: ConvolutionLayer, input: Tensor4D): Tensor4D {
    const { tf } = this
    const { padding: p, stride } = layer
    const filter = this.variable(layer, 'weight') as unknown as Tensor4D
    // `same` puts the odd zero on the far side: at stride 2 that is another network.
    const padded = p === 0 || stride === 1 ? input : tf.pad(input, [[0, 0], [p, p], [p, p], [0, 0]])
    const rule = p > 0 && stride === 1 ? 'same' : 'valid'
    return isDepthwise(layer) ? tf.depthwiseConv2d(padded, filter, stride, rule) : tf.conv2d(padded, filter, stride, rule)
  }

  private normalization(layer: BatchNormalizationLayer, input: Tensor4D): Tensor {
    const { tf } = this
    const { mean, variance } = tf.moments(input, [0, 1, 2])
    this.move(layer, 'moving_mean', mean)
    this.move(layer, 'moving_variance', variance)
    const [beta, gamma] = [this.variable(layer, 'beta') as Tensor1D, this.variable(layer, 'gamma') as Tensor1D]
    return tf.batchNorm(input, mean as Tensor1D, variance as Tensor1D, beta, gamma, 1e-5)
  }

  private move(layer: Layer, kind: string, next: Tensor): void {
    const moving = this.variable(layer, kind)
    moving.assign(moving.mul(0.9).add(next.mul(0.1)))
  }

  private variable(layer: Layer, kind: string): Variable {
    return this.variables.get(`${layer.name}/${kind}`)!
  }

  dispose(): void {
    this.variables.forEach((variable) => variable.dispose())
  }
}
