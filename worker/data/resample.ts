import type { CropBox } from './crop-box.js'
import type { ResizedImage } from './resized-image.js'

/** Weights are integers, since V8 multiplies those fastest: the weights of a pixel add up to this. */
const weightBits = 12
const one = 1 << weightBits
const half = one >> 1

/** For each pixel of the result along one axis: the first source pixel, how many, and their weights. */
interface Taps {
  readonly starts: Int32Array
  readonly counts: Int32Array
  /** `stride` for each pixel of the result. */
  readonly weights: Int32Array
  readonly stride: number
}

/**
 * A triangle as wide as two source pixels, or as two pixels of the result where that has fewer: bilinear interpolation that
 * does not alias when it reduces (as Pillow's BILINEAR).
 */
function tapsOf(from: number, length: number, target: number, flip: boolean): Taps {
  const scale = length / target
  const support = Math.max(1, scale)
  const stride = Math.ceil(2 * support) + 1
  const [starts, counts, weights] = [new Int32Array(target), new Int32Array(target), new Int32Array(target * stride)]
  for (let index = 0; index < target; index++) {
    const centre = from + ((flip ? target - 1 - index : index) + 0.5) * scale - 0.5
    const first = Math.max(from, Math.ceil(centre - support))
    const count = Math.min(from + length - 1, Math.floor(centre + support)) - first + 1
    starts[index] = first
    counts[index] = count
    normalize(weights, index * stride, count, (tap) => 1 - Math.abs(first + tap - centre) / support)
  }
  return { starts, counts, weights, stride }
}

/** Writes integers in proportion to `height` that add up to `one`; what rounding leaves goes to the middle one. */
function normalize(weights: Int32Array, at: number, count: number, height: (tap: number) => number): void {
  let sum = 0
  for (let tap = 0; tap < count; tap++) sum += height(tap)
  let left = one
  for (let tap = 0; tap < count; tap++) {
    weights[at + tap] = Math.round((height(tap) / sum) * one)
    left -= weights[at + tap]
  }
  weights[at + (count >> 1)] += left
}

/** The rows of the box, as wide as the result; kept from call to call, since it is as large as an image. */
let rows = new Uint8Array(0)

function resampleRows({ width, pixels }: ResizedImage, { top, height }: CropBox, { starts, counts, weights, stride }: Taps, resolution: number): void {
  if (rows.length < height * resolution * 3) rows = new Uint8Array(height * resolution * 3)
  let at = 0
  for (let y = top; y < top + height; y++) {
    for (let x = 0; x < resolution; x++, at += 3) {
      let red = half
      let green = half
      let blue = half
      let from = (y * width + starts[x]) * 3
      const end = x * stride + counts[x]
      for (let tap = x * stride; tap < end; tap++, from += 3) {
        const weight = weights[tap]
        red += pixels[from] * weight
        green += pixels[from + 1] * weight
        blue += pixels[from + 2] * weight
      }
      rows[at] = red >> weightBits
      rows[at + 1] = green >> weightBits
      rows[at + 2] = blue >> weightBits
    }
  }
}

function resampleColumns(top: number, { starts, counts, weights, stride }: Taps, resolution: number, target: Uint8Array): void {
  const rowBytes = resolution * 3
  for (let y = 0; y < resolution; y++) {
    const source = (starts[y] - top) * rowBytes
    const at = y * stride
    if (counts[y] <= 2) mixTwoRows(source, counts[y] === 2 ? rowBytes : 0, weights[at], weights[at + 1], rowBytes, target, y * rowBytes)
    else mixRows(source, weights, at, counts[y], rowBytes, target, y * rowBytes)
  }
}

/** What enlarging needs, and so most crops; a loop over two taps takes twice as long. A single tap has a second one of weight 0. */
function mixTwoRows(source: number, distance: number, first: number, second: number, rowBytes: number, target: Uint8Array, at: number): void {
  for (let x = 0; x < rowBytes; x++) target[at + x] = (half + rows[source + x] * first + rows[source + distance + x] * second) >> weightBits
}

function mixRows(source: number, weights: Int32Array, first: number, count: number, rowBytes: number, target: Uint8Array, at: number): void {
  for (let x = 0; x < rowBytes; x++) {
    let sum = half
    for (let tap = 0; tap < count; tap++) sum += rows[source + tap * rowBytes + x] * weights[first + tap]
    target[at + x] = sum >> weightBits
  }
}

/**
 * Scales a box of an image to resolution x resolution, first along the rows, then along the columns.
 * @param flip mirrors left and right
 * @param target resolution x resolution x 3 bytes, written
 */
export function resampleBox(image: ResizedImage, box: CropBox, resolution: number, flip: boolean, target: Uint8Array): void {
  resampleRows(image, box, tapsOf(box.left, box.width, resolution, flip), resolution)
  resampleColumns(box.top, tapsOf(box.top, box.height, resolution, false), resolution, target)
}
