/**
 * A second count of a network, from the encoding's text alone and in big integers: shares nothing with the product but the rules of
 * the search space. Each block is walked as a list of places (channels, stride); every convolution is added up where it is met.
 */
export function costByFormula(encoding: string, resolution: number, classes: number): { params: bigint; macs: bigint; activations: bigint } {
  const [blockText, stemText, macroText] = encoding.split('_')
  const dash = blockText.indexOf('-')
  const layers = [...blockText.slice(0, dash)].map(Number)
  const operations = layers.filter((_, index) => index % 2 === 0)
  const ratios = layers.filter((_, index) => index % 2 === 1)
  const last = operations.length
  const skips = [...blockText.slice(dash + 1).matchAll(/([ac])(\d)(\d)/g)]
    .map(([, kind, from, to]) => ({ concat: kind === 'c', from: Number(from), to: Number(to) }))
    .filter(({ from, to }) => !(from === 0 && to === last))
  const total = { params: 0n, macs: 0n, activations: 0n }

  const halve = (side: number, stride: number): number => (stride === 2 ? Math.floor((side + 1) / 2) : side)
  const count = (kernel: number, inputs: number, outputs: number, groups: number, side: number, bn: boolean): void => {
    const weights = BigInt(kernel * kernel) * BigInt(inputs / groups) * BigInt(outputs)
    const pixels = BigInt(side) * BigInt(side)
    total.params += weights + (bn ? 2n * BigInt(outputs) : 0n)
    total.macs += weights * pixels
    total.activations += pixels * BigInt(outputs)
  }

  const stem = Number(stemText)
  let side = halve(resolution, 2)
  count(3, 3, stem / 2, 1, side, true)
  count(3, stem / 2, stem / 2, 1, side, true)
  side = halve(side, 2)
  count(3, stem / 2, stem, 1, side, true)

  const firstNot1x1 = operations.findIndex((operation) => operation !== 1)
  const strideAt = firstNot1x1 < 0 ? last - 1 : firstNot1x1
  let width = stem
  for (const [, down, digit] of macroText.matchAll(/(-?)(\d)/g)) {
    const stride = down === '-' ? 2 : 1
    const output = width * Number(digit)
    const channels = [width]
    const strides = [1]
    operations.forEach((operation, index) => {
      const inputs = channels[index]
      const outputs = index === last - 1 ? output : (output * [1, 2, 4, 8, 16][ratios[index]]) / 4
      const here = index >= strideAt ? stride : 1
      const outputSide = halve(side, here)
      if (operation === 6) {
        count(3, inputs, inputs, inputs, outputSide, false)
        count(1, inputs, outputs, 1, outputSide, true)
      } else {
        const groups = [1, 1, 2, 4, inputs, Math.trunc(inputs / 32)][operation]
        count(operation === 1 ? 1 : 3, inputs, outputs, groups, outputSide, true)
      }
      let merged = outputs
      const into = skips.filter(({ to }) => to === index + 1)
      if (index === last - 1) into.push({ concat: false, from: 0, to: last })
      for (const { concat, from } of into) {
        if (concat) {
          if (strides[from] !== here) count(1, channels[from], channels[from], 1, outputSide, true)
          merged += channels[from]
        } else if (strides[from] !== here || channels[from] !== merged) count(1, channels[from], merged, 1, outputSide, true)
      }
      channels.push(merged)
      strides.push(here)
    })
    side = halve(side, stride)
    width = output
  }
  total.params += BigInt(width) * BigInt(classes) + BigInt(classes)
  total.macs += BigInt(width) * BigInt(classes)
  total.activations += BigInt(classes)
  return total
}
