import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { type BlockPhase, blockPlot } from '../../coordinator/zoo/block-plot.js'
import type { ZooCandidate } from '../../coordinator/zoo/zoo.js'

const candidate = (block: string, top1: number, stepMs: number): ZooCandidate => ({
  encoding: `${block}_32_1-21`,
  top1,
  imagesPerSecond: 64_000 / stepMs,
  stepMs,
  params: stepMs * 1e5,
  macs: stepMs * 1e6,
  activations: stepMs * 1e4,
})

const phase: BlockPhase = {
  candidates: [candidate('020-', 0.7, 8), candidate('10001-', 0.75, 5), candidate('14441-', 0.72, 12), candidate('4-', 0.6, 3), candidate('033-', 0.8, 9)],
  epochs: 12,
  objectives: [{ name: 'top1', direction: 'maximize' }, { name: 'imagesPerSecond', direction: 'maximize' }],
  constraints: [],
  areTimesComparable: true,
}
const count = (svg: string, pattern: RegExp): number => svg.match(pattern)?.length ?? 0
const triangles = /<path d="M[^"]*l7\.5 13h-15z"[^>]*><title>/g
const diamonds = /<path d="M[^"]*l6\.5 6\.5[^>]*><title>/g
const circles = /<circle [^>]*><title>/g

describe('the figure of a block phase', () => {
  test('shows every block once, references by name, by accuracy and step time', () => {
    const svg = blockPlot(phase)
    for (const name of ['basic', 'bottleneck', 'inverted bottleneck']) expect(svg).toContain(`>${name}</text>`)
    expect([count(svg, triangles), count(svg, diamonds), count(svg, circles)]).toEqual([3, 2, 0])
    expect(svg).toContain('training step (ms')
    expect(svg).toContain('inside the macro structure 32_1-21 \u00b7 after 12 epochs')
    expect(svg).toContain('3 blocks of 5 on the front')
  })

  test.each([
    ['macs', true, 'MACs (millions)'],
    ['params', true, 'parameters (millions)'],
    // Step times of different devices are not comparable.
    ['stepMs', false, 'MACs (millions)'],
  ] as const)('of a search for %s (times comparable: %s) has the axis %s', (name, areTimesComparable, title) => {
    const svg = blockPlot({ ...phase, areTimesComparable, objectives: [{ name: 'top1', direction: 'maximize' }, { name, direction: 'minimize' }] })
    expect(svg).toContain(title)
  })

  test('leaves out what a later block phase evaluated in another macro structure, and has no reference that was not trained', async () => {
    const candidates = [candidate('4-', 0.6, 3), { ...candidate('020-', 0.7, 8), encoding: '020-_32_1-1' }]
    const svg = blockPlot({ ...phase, candidates })
    expect(count(svg, triangles)).toBe(0)
    expect(svg).toContain('1 block of 1 on the front')
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
    expect(await sharp(Buffer.from(svg)).metadata()).toMatchObject({ width: 960, height: 620 })
  })

  test('rises to the right: what is faster and less accurate lies left and below', () => {
    const positions = [...blockPlot(phase).matchAll(/<path d="M([\d.]+) ([\d.]+)l(?:6\.5 6\.5|7\.5 13)[^>]*><title>([^:]*):/g)].map(([, x, y, name]) => ({ x: Number(x), y: Number(y), name }))
    const at = (block: string) => positions.find(({ name }) => name.startsWith(`${block}_`))
    expect(at('4-')?.x).toBeLessThan(at('033-')?.x ?? 0)
    expect(at('4-')?.y).toBeGreaterThan(at('033-')?.y ?? 0)
  })
})
