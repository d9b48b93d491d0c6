import { add, bitcast, cast, multiply, reshape } from './graph/arithmetic.js'
import { typeAttribute } from './graph/attributes.js'
import type { GraphBuilder } from './graph/graph-builder.js'
import type { Tensor } from './graph/tensor.js'
import { DataType } from './proto/gen/program.js'
import type { Port } from './saved-model.js'

/** ImageNet's mean and standard deviation per channel (RGB), of pixels scaled to 0..1. */
const mean = [0.485, 0.456, 0.406]
const deviation = [0.229, 0.224, 0.225]

const wordBytes = Int32Array.BYTES_PER_ELEMENT

/** Bytes of an RGB image with one byte for each channel. */
export function imageBytes(resolution: number): number {
  return resolution ** 2 * 3
}

function imageWords(resolution: number): number {
  return Math.ceil(imageBytes(resolution) / wordBytes)
}

/**
 * What `feedImages` makes comes in here. Words of 32 bits are the one type that tfjs hands to TensorFlow as it is: it copies bytes
 * three times, and bytes for a GPU to the GPU and back.
 * @param batch -1 = any number of images
 */
export function emitImageFeed(builder: GraphBuilder, batch: number, resolution: number): Port {
  const shape = [batch, imageWords(resolution)]
  return { tensor: builder.placeholder('images', DataType.DT_INT32, shape), shape }
}

/** RGB bytes, [count, resolution, resolution, 3], as words, [count, words]: a view of them unless an image's bytes end within a word. */
export function feedImages(images: Uint8Array, count: number, resolution: number): Int32Array {
  const [bytes, words] = [imageBytes(resolution), imageWords(resolution)]
  if (bytes % wordBytes === 0 && images.byteOffset % wordBytes === 0) return new Int32Array(images.buffer, images.byteOffset, count * words)
  const padded = new Uint8Array(count * words * wordBytes)
  for (let index = 0; index < count; index++) padded.set(images.subarray(index * bytes, (index + 1) * bytes), index * words * wordBytes)
  return new Int32Array(padded.buffer)
}

/**
 * Fed images to [batch, resolution, resolution, 3] of a type, normalized. Bytes are fed rather than floats, because there are
 * four times fewer of them to copy.
 */
export function emitImages(builder: GraphBuilder, { tensor, shape: [batch, words] }: Port, resolution: number, dtype: DataType): Tensor {
  const bytes = reshape(builder, bitcast(builder, tensor, DataType.DT_UINT8), [batch, words * wordBytes])
  const own = imageBytes(resolution)
  const pixels = reshape(builder, words * wordBytes === own ? bytes : firstColumns(builder, bytes, own), [batch, resolution, resolution, 3])
  const scaled = multiply(builder, cast(builder, pixels, DataType.DT_FLOAT), builder.floats(deviation.map((value) => 1 / (255 * value))))
  return cast(builder, add(builder, scaled, builder.floats(deviation.map((value, channel) => -mean[channel] / value))), dtype)
}

function firstColumns(builder: GraphBuilder, matrix: Tensor, columns: number): Tensor {
  const attributes = { T: typeAttribute(matrix.dtype), Index: typeAttribute(DataType.DT_INT32) }
  return builder.node({ operation: 'Slice', inputs: [matrix, builder.integers([0, 0]), builder.integers([-1, columns])], attributes }, matrix.dtype)
}
