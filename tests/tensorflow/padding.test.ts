import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { paddingFor } from '../../worker/tensorflow/graph/padding.js'

/** Rows that the kernel reads at each output position, with symmetric zeros of `padding`; 0 = a zero. */
function rowsRead(length: number, kernel: number, stride: number, padding: number): string[] {
  const count = Math.floor((length + 2 * padding - kernel) / stride) + 1
  return Array.from({ length: count }, (_, position) => rowsAt(position * stride - padding, kernel, length))
}

function rowsAt(start: number, kernel: number, length: number): string {
  return Array.from({ length: kernel }, (_, row) => (start + row < 0 || start + row >= length ? '0' : `${start + row}`)).join()
}

/** TensorFlow's SAME, as documented: `max((outputs - 1) * stride + kernel - length, 0)` zeros in all, the smaller half before. */
function rowsReadBySame(length: number, kernel: number, stride: number): string[] {
  const count = Math.ceil(length / stride)
  const before = Math.floor(Math.max((count - 1) * stride + kernel - length, 0) / 2)
  return Array.from({ length: count }, (_, position) => rowsAt(position * stride - before, kernel, length))
}

function rowsReadWithZeros(length: number, kernel: number, stride: number, before: number, after: number): string[] {
  const count = Math.floor((length + before + after - kernel) / stride) + 1
  return Array.from({ length: count }, (_, position) => rowsAt(position * stride - before, kernel, length))
}

describe('padding', () => {
  it('reads what symmetric zeros read, in every dimension', () => {
    const size = fc.integer({ min: 1, max: 40 })
    fc.assert(
      fc.property(size, size, fc.constantFrom(1, 2), (height, width, stride) => {
        const zeros = paddingFor([height, width], 3, stride, 1)
        for (const [axis, length] of [height, width].entries()) {
          const read = zeros === null ? rowsReadBySame(length, 3, stride) : rowsReadWithZeros(length, 3, stride, zeros.before, zeros.after[axis])
          expect(read).toEqual(rowsRead(length, 3, stride, 1))
        }
      }),
    )
  })

  it('needs a node of its own only at stride 2 and even sizes', () => {
    expect(paddingFor([8, 8], 3, 1, 1)).toBeNull()
    expect(paddingFor([7, 7], 3, 2, 1)).toBeNull()
    expect(paddingFor([8, 8], 3, 2, 1)).toEqual({ before: 1, after: [0, 0] })
    expect(paddingFor([8, 7], 3, 2, 1)).toEqual({ before: 1, after: [0, 1] })
  })
})
