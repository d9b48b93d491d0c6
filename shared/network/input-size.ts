import { InvalidInputError } from '../errors.js'

/** What a genome leaves open: the image and the classes. */
export interface InputSize {
  /** Side of the square image, pixels. */
  readonly resolution: number
  readonly classes: number
}

const largest = { resolution: 16_384, classes: 1_000_000 } as const

/** @throws InvalidInputError for a resolution outside 1..16384 or classes outside 1..1000000. */
export function checkInputSize(size: InputSize): void {
  for (const name of ['resolution', 'classes'] as const) {
    const value = size[name]
    if (Number.isInteger(value) && value >= 1 && value <= largest[name]) continue
    throw new InvalidInputError(`${name} must be an integer from 1 to ${largest[name]}, got ${value}`)
  }
}

/** Side of a feature map after a layer with symmetric padding of half the kernel: rounded up, at odd sizes as well. */
export function strided(side: number, stride: number): number {
  return Math.ceil(side / stride)
}
