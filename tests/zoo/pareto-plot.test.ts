import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { fitAxis } from '../../coordinator/zoo/axis.js'
import { placeLabel } from '../../coordinator/zoo/label-placement.js'
import { paretoPlot } from '../../coordinator/zoo/pareto-plot.js'
import { type ZooCandidate, buildZoo } from '../../coordinator/zoo/zoo.js'

const candidate = (encoding: string, top1: number, imagesPerSecond: number): ZooCandidate => ({
  encoding,
  top1,
  imagesPerSecond,
  stepMs: 64_000 / imagesPerSecond,
  params: 1,
  macs: 1,
  activations: 1,
})

const several = [candidate('020-_16_1', 0.5, 900), candidate('031-_16_11', 0.7, 400), candidate('10001-_16_11', 0.75, 90), candidate('020-_16_11', 0.4, 500)]
const plot = (all: readonly ZooCandidate[], unsuccessful = 0): string => paretoPlot(buildZoo(all, { unsuccessful }), all)
const count = (svg: string, pattern: RegExp): number => svg.match(pattern)?.length ?? 0
/** Filled diamonds with a tooltip, that is without the legend's. */
const diamonds = /<path d="M[^"]*l6\.5 6\.5[^>]*><title>/g
const circles = /<circle [^>]*><title>/g

describe('Pareto plot', () => {
  test('shows every candidate once, the front by another shape', () => {
    const svg = plot(several)
    expect(count(svg, diamonds)).toBe(3)
    expect(count(svg, circles)).toBe(1)
    expect(svg).toContain('3 networks of 4 trained candidates')
  })

  test('labels axes with units, and the extremes and the knee with their encodings', () => {
    const svg = plot(several)
    expect(svg).toContain('training throughput (images/s, logarithmic)')
    expect(svg).toContain('validation top-1 (%)')
    for (const encoding of ['020-_16_1', '031-_16_11', '10001-_16_11']) expect(svg).toContain(`>${encoding}</text>`)
  })

  test.each([
    ['no candidate', [], 0, 'no candidate has been trained yet'],
    ['only failures', [], 3, 'no candidate ended with a result'],
    ['one point', several.slice(0, 1), 0, '1 network of 1 trained candidate'],
    ['equal points', [several[0], { ...several[0], encoding: 'b' }, { ...several[0], encoding: 'c' }], 0, '1 network of 3 trained candidates'],
    ['nothing learnt', [candidate('a', 0, 100), candidate('b', 0, 200)], 2, '2 ended without a result'],
  ])('is a picture with %s', async (_, all, unsuccessful, words) => {
    const svg = plot(all, unsuccessful)
    expect(svg).toContain(words)
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
    expect(await sharp(Buffer.from(svg)).metadata()).toMatchObject({ width: 960, height: 620 })
  })

  test('escapes text, so that any name gives a well-formed document', async () => {
    const svg = plot([candidate('<a href="x">&\u0000\'</a>', 0.5, 100)])
    expect(svg).toContain('&lt;a href=&quot;x&quot;&gt;&amp;\ufffd&#39;&lt;/a&gt;')
    await expect(sharp(Buffer.from(svg)).png().toBuffer()).resolves.toBeInstanceOf(Buffer)
  })

  test('puts dark ink at the front and leaves the corner beyond it white', async () => {
    const { data, info } = await sharp(Buffer.from(plot(several))).greyscale().raw().toBuffer({ resolveWithObject: true })
    const centre = /<path d="M([\d.]+) ([\d.]+)l6\.5 6\.5[^>]*><title>/.exec(plot(several))
    const at = (x: number, y: number): number => data[Math.round(y) * info.width + Math.round(x)]
    expect(at(Number(centre?.[1]), Number(centre?.[2]) + 6.5)).toBeLessThan(90)
    expect(at(info.width - 40, 116)).toBeGreaterThan(240)
  })
})

describe('axis', () => {
  const positive = fc.double({ min: 1e-3, max: 1e6, noNaN: true })

  test('holds every value, with a few ticks inside it in ascending order and distinct labels', () => {
    fc.assert(
      fc.property(fc.array(positive, { minLength: 1, maxLength: 20 }), fc.boolean(), (values, allowLogarithmic) => {
        const axis = fitAxis(values, { allowLogarithmic, ticks: 10, headroom: 0.1 })
        for (const value of values) {
          expect(axis.position(value)).toBeGreaterThanOrEqual(0)
          expect(axis.position(value)).toBeLessThanOrEqual(1)
        }
        expect(axis.ticks.length).toBeGreaterThanOrEqual(2)
        expect(axis.ticks.length).toBeLessThanOrEqual(13)
        expect(new Set(axis.ticks.map(({ label }) => label)).size).toBe(axis.ticks.length)
        axis.ticks.forEach(({ value }, i) => {
          expect(axis.position(value)).toBeGreaterThanOrEqual(-1e-9)
          expect(axis.position(value)).toBeLessThanOrEqual(1 + 1e-9)
          if (i > 0) expect(value).toBeGreaterThan(axis.ticks[i - 1].value)
        })
      }),
    )
  })

  test('of values that differ by rounding only is that of one value', () => {
    const labels = (values: number[]): string[] => fitAxis(values, { allowLogarithmic: false, ticks: 5, headroom: 0.1 }).ticks.map(({ label }) => label)
    expect(labels([0.001, 0.0010000000000000002])).toEqual(labels([0.001]))
  })

  test.each([
    [[400, 600], false, ['400', '450', '500', '550', '600']],
    [[20, 3000], true, ['20', '50', '100', '200', '500', '1\u2009000', '2\u2009000']],
    [[0.2, 0.6], false, ['0.2', '0.3', '0.4', '0.5', '0.6']],
  ])('of %j', (values, isLogarithmic, labels) => {
    const axis = fitAxis(values, { allowLogarithmic: true, ticks: isLogarithmic ? 10 : 5, headroom: 0.05 })
    expect(axis.isLogarithmic).toBe(isLogarithmic)
    expect(axis.ticks.map(({ label }) => label)).toEqual(labels)
  })

  test('shows no tick beyond what the quantity can reach', () => {
    const axis = fitAxis([92, 99], { allowLogarithmic: false, ticks: 6, headroom: 0.3, maximum: 100 })
    expect(axis.high).toBeGreaterThan(100)
    expect(axis.ticks[axis.ticks.length - 1].value).toBe(100)
  })
})

describe('label placement', () => {
  const frame = { x: 0, y: 0, width: 400, height: 300 }
  const size = { width: 80, height: 20 }

  test('stays inside the frame at its corners', () => {
    for (const [x, y] of [[0, 0], [400, 0], [0, 300], [400, 300]]) {
      const box = placeLabel(x, y, size, frame, [])
      expect(box.x).toBeGreaterThanOrEqual(0)
      expect(box.y).toBeGreaterThanOrEqual(0)
      expect(box.x + box.width).toBeLessThanOrEqual(400)
      expect(box.y + box.height).toBeLessThanOrEqual(300)
    }
  })

  test('goes to another side when something is in the way', () => {
    const free = placeLabel(200, 150, size, frame, [])
    const moved = placeLabel(200, 150, size, frame, [free])
    expect(moved.x + moved.width <= free.x || free.x + free.width <= moved.x || moved.y + moved.height <= free.y || free.y + free.height <= moved.y).toBe(true)
  })
})
