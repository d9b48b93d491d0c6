import { ParetoArchive } from '../search/pareto-archive.js'
import { type Axis, fitAxis } from './axis.js'
import { type Box, placeLabel } from './label-placement.js'
import { element, escapeText, text } from './svg.js'
import type { ZooCandidate } from './zoo.js'

const width = 960
const height = 620
const frame: Box = { x: 84, y: 112, width: width - 84 - 32, height: height - 112 - 72 }
const fontFamily = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
const ink = '#1a1a1a'
const muted = '#5c5c5c'
const grid = '#e3e3e3'
const frontColour = '#0b3c6f'
const referenceColour = '#a8430b'
const labelSize = 11.5
const lineHeight = 14
const longestLabel = 44
/** Widest mean glyph, in ems, of the fonts named above; SVG has no text metrics before it is drawn. */
const glyphWidth = 0.6
const boldGlyphWidth = 0.67

/** What the horizontal axis shows of a candidate. */
export interface PlottedQuantity {
  /** With its unit. */
  readonly title: string
  readonly isBetter: 'higher' | 'lower'
  readonly of: (candidate: ZooCandidate) => number
  /** A value with its unit. */
  readonly format: (value: number) => string
}

/** A point that the others are compared with. */
export interface ReferencePoint {
  readonly name: string
  readonly candidate: ZooCandidate
}

/** A picture of candidates by one quantity and by their validation accuracy. */
export interface TradeOff {
  readonly title: string
  readonly subtitle: string
  readonly quantity: PlottedQuantity
  readonly front: readonly ZooCandidate[]
  readonly others: readonly ZooCandidate[]
  readonly references: readonly ReferencePoint[]
  /** What the staircase stands for. */
  readonly staircase: string
  /** Name of a candidate beside its point. */
  readonly nameOf: (candidate: ZooCandidate) => string
  /** Shown in place of points where there are none. */
  readonly empty: string
}

interface Point {
  readonly x: number
  readonly y: number
  readonly candidate: ZooCandidate
}

/** A point with its label: a name, and what is told of it. */
interface Labelled extends Point {
  readonly lines: readonly [string, string]
}

/**
 * Candidates, the front marked and joined by the staircase it attains, and references by name.
 * They differ in shape and fill, so that the picture reads in black and white. A reference is one of the front or of the others too.
 */
export function tradeOffPlot(tradeOff: TradeOff): string {
  const { quantity, empty } = tradeOff
  const candidates = [...tradeOff.front, ...tradeOff.others]
  const xAxis = fitAxis(candidates.map(quantity.of), { allowLogarithmic: true, ticks: 10, headroom: 0.08, minimum: 0 })
  const yAxis = fitAxis(candidates.map(({ top1 }) => top1 * 100), { allowLogarithmic: false, ticks: 7, headroom: 0.16, minimum: 0, maximum: 100 })
  const place = (candidate: ZooCandidate): Point => ({
    candidate,
    x: frame.x + xAxis.position(quantity.of(candidate)) * frame.width,
    y: frame.y + (1 - yAxis.position(candidate.top1 * 100)) * frame.height,
  })
  const describe = (candidate: ZooCandidate): string => `${(candidate.top1 * 100).toFixed(1)} % \u00b7 ${quantity.format(quantity.of(candidate))}`
  const tooltip = (candidate: ZooCandidate): string => element('title', {}, escapeText(`${candidate.encoding}: ${describe(candidate)}`))
  const labelledAs = (point: Point, name: string): Labelled => ({ ...point, lines: [name, describe(point.candidate)] })
  const front = tradeOff.front.map(place)
  const others = tradeOff.others.map(place)
  const references = tradeOff.references.map(({ name, candidate }) => labelledAs(place(candidate), name))
  const named = new Set(references.map(({ candidate }) => candidate.encoding))
  const unnamed = ({ candidate }: Point): boolean => !named.has(candidate.encoding)
  const labels = [...references, ...labelled(front).filter(unnamed).map((point) => labelledAs(point, tradeOff.nameOf(point.candidate)))]
  const mirror = quantity.isBetter === 'higher' ? identity : mirrored
  return document(
    tradeOff.title,
    header(tradeOff),
    axes(xAxis, yAxis, quantity.title),
    element('g', { 'clip-path': 'url(#frame)' }, attainment(front, mirror)),
    ...(candidates.length === 0 ? [emptyNote(empty)] : []),
    ...others.filter(unnamed).map((point) => circle(point, others.length, tooltip(point.candidate))),
    ...front.filter(unnamed).map(({ x, y, candidate }) => marker(x, y, tooltip(candidate))),
    ...references.map(({ x, y, candidate }) => triangle(x, y, tooltip(candidate))),
    ...setLabels(labels, [...front.map(dot(8)), ...others.map(dot(4)), ...staircaseBoxes(front, mirror)]),
  )
}

/** Where less of the quantity is better, the staircase is drawn as where more is, mirrored. */
type Mirror = (x: number) => number
const identity: Mirror = (x) => x
const mirrored: Mirror = (x) => 2 * frame.x + frame.width - x

function document(title: string, ...content: readonly string[]): string {
  const attributes = { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'font-family': fontFamily }
  const clip = element('defs', {}, element('clipPath', { id: 'frame' }, element('rect', { ...frame })))
  const background = element('rect', { width, height, fill: '#ffffff' })
  return `${element('svg', attributes, element('title', {}, escapeText(title)), clip, background, ...content)}\n`
}

function header({ title, subtitle, front, others, references, staircase }: TradeOff): string {
  return [
    text(title, { x: frame.x, y: 36, 'font-size': 20, 'font-weight': 'bold', fill: ink }),
    text(subtitle, { x: frame.x, y: 60, 'font-size': 13, fill: muted }),
    ...legend(front.length, others.length, references.length, staircase),
  ].join('')
}

function legend(front: number, others: number, references: number, staircase: string): string[] {
  const y = 92
  const entries = [
    { width: 14, label: `front (${front})`, symbol: (x: number) => marker(x + 6, y - 4.5) },
    { width: 12, label: `other candidates (${others})`, symbol: (x: number) => element('circle', { cx: x + 5, cy: y - 4.5, ...circleStyle(1) }) },
    ...(references === 0 ? [] : [{ width: 14, label: `of them references (${references})`, symbol: (x: number) => triangle(x + 6, y - 4.5) }]),
    {
      width: 42,
      label: staircase,
      symbol: (x: number) => element('path', { d: `M${round(x)} ${y - 9}h18v9h18`, fill: 'none', stroke: frontColour, 'stroke-width': 1.5 }),
    },
  ]
  let x = frame.x
  return entries.map(({ width: symbolWidth, label, symbol }) => {
    const entry = symbol(x) + text(label, { x: x + symbolWidth + 6, y, 'font-size': 13, fill: ink })
    x += symbolWidth + 6 + label.length * 13 * glyphWidth + 18
    return entry
  })
}

function axes(xAxis: Axis, yAxis: Axis, xTitle: string): string {
  const bottom = frame.y + frame.height
  const label = { 'font-size': 12, fill: muted }
  const xTicks = xAxis.ticks.map((tick) => {
    const x = frame.x + xAxis.position(tick.value) * frame.width
    return (
      element('line', { x1: x, y1: frame.y, x2: x, y2: bottom, stroke: grid }) +
      element('line', { x1: x, y1: bottom, x2: x, y2: bottom + 5, stroke: ink }) +
      text(tick.label, { x, y: bottom + 20, 'text-anchor': 'middle', ...label })
    )
  })
  const yTicks = yAxis.ticks.map((tick) => {
    const y = frame.y + (1 - yAxis.position(tick.value)) * frame.height
    return (
      element('line', { x1: frame.x, y1: y, x2: frame.x + frame.width, y2: y, stroke: grid }) +
      element('line', { x1: frame.x - 5, y1: y, x2: frame.x, y2: y, stroke: ink }) +
      text(tick.label, { x: frame.x - 10, y: y + 4, 'text-anchor': 'end', ...label })
    )
  })
  const title = { 'font-size': 14, fill: ink, 'text-anchor': 'middle' }
  const yMiddle = frame.y + frame.height / 2
  return [
    ...xTicks,
    ...yTicks,
    element('path', { d: `M${frame.x} ${frame.y}V${bottom}H${frame.x + frame.width}`, fill: 'none', stroke: ink }),
    text(xAxis.isLogarithmic ? xTitle.replace(/\)$/, ', logarithmic)') : xTitle, { x: frame.x + frame.width / 2, y: height - 22, ...title }),
    text('validation top-1 (%)', { x: 0, y: 0, transform: `translate(28 ${yMiddle}) rotate(-90)`, ...title }),
  ].join('')
}

/** The staircase of the points that are not dominated in the plane of the picture, and the area below it. */
function attainment(front: readonly Point[], mirror: Mirror): string {
  const archive = new ParetoArchive<Point>()
  for (const { x, y, candidate } of front) archive.insert([-mirror(x), y], { x: mirror(x), y, candidate })
  const steps = archive.entries.map(({ item }) => item).reverse()
  if (steps.length === 0) return ''
  const bottom = frame.y + frame.height
  const start = mirror(frame.x)
  const path = `M${start} ${round(steps[0].y)}${steps.map(({ x }, i) => `H${round(mirror(x))}V${round(steps[i + 1]?.y ?? bottom)}`).join('')}`
  return (
    element('path', { d: `${path}H${start}Z`, fill: frontColour, 'fill-opacity': 0.05 }) +
    element('path', { d: path, fill: 'none', stroke: frontColour, 'stroke-width': 1.5 })
  )
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

/** Thousands of candidates get smaller marks. */
function circleStyle(count: number): Readonly<Record<string, string | number>> {
  return { r: count > 3000 ? 1.6 : count > 300 ? 2.5 : 3.6, fill: '#ffffff', 'fill-opacity': 0.6, stroke: '#6b6b6b', 'stroke-width': count > 300 ? 0.8 : 1.2 }
}

function circle({ x, y }: Point, count: number, tooltip: string): string {
  return element('circle', { cx: x, cy: y, ...circleStyle(count) }, tooltip)
}

function marker(x: number, y: number, ...content: readonly string[]): string {
  return element('path', { d: `M${round(x)} ${round(y - 6.5)}l6.5 6.5l-6.5 6.5l-6.5 -6.5z`, fill: frontColour, stroke: '#ffffff', 'stroke-width': 1.2 }, ...content)
}

function triangle(x: number, y: number, ...content: readonly string[]): string {
  return element('path', { d: `M${round(x)} ${round(y - 7.5)}l7.5 13h-15z`, fill: referenceColour, stroke: '#ffffff', 'stroke-width': 1.2 }, ...content)
}

function emptyNote(note: string): string {
  return text(note, { x: frame.x + frame.width / 2, y: frame.y + frame.height / 2, 'text-anchor': 'middle', 'font-size': 16, fill: muted })
}

/** Long encodings lose their middle; the tooltip and the tables have them whole. */
function shorten(encoding: string, length: number): string {
  if (encoding.length <= length) return encoding
  return `${encoding.slice(0, length - 15)}\u2026${encoding.slice(-14)}`
}

/** The extremes and the knee of the front, each once. */
function labelled(front: readonly Point[]): Point[] {
  const byX = [...front].sort((a, b) => a.x - b.x)
  const first = byX[0]
  const last = byX[byX.length - 1]
  const heightAboveChord = (p: Point): number => (last.x - first.x) * (first.y - p.y) - (p.x - first.x) * (first.y - last.y)
  const knee = byX.reduce<Point | undefined>((best, point) => (heightAboveChord(point) > (best ? heightAboveChord(best) : 0) ? point : best), undefined)
  return [...new Set([first, last, knee].filter((point) => point !== undefined))]
}

const dot = (size: number) => ({ x, y }: Point): Box => ({ x: x - size, y: y - size, width: 2 * size, height: 2 * size })

function setLabels(labels: readonly Labelled[], taken: readonly Box[]): string[] {
  const obstacles = [...taken]
  return labels.map(({ x, y, lines: [name, description] }) => {
    const lines = [shorten(name, longestLabel), description]
    const box = placeLabel(x, y, { width: Math.max(...lines.map((line) => line.length)) * labelSize * boldGlyphWidth, height: 2 * lineHeight }, frame, obstacles)
    obstacles.push(box)
    const onRight = box.x >= x
    const style = { 'font-size': labelSize, 'text-anchor': onRight ? 'start' : 'end', x: onRight ? box.x : box.x + box.width }
    const halo = { stroke: '#ffffff', 'stroke-width': 3.5, 'stroke-linejoin': 'round', 'paint-order': 'stroke' }
    return (
      leader(x, y, box) +
      text(lines[0], { ...style, ...halo, y: box.y + lineHeight - 3, 'font-weight': 'bold', fill: ink }) +
      text(lines[1], { ...style, ...halo, y: box.y + 2 * lineHeight - 3, fill: muted })
    )
  })
}

/** A hairline from a point to a label that could not be set close to it. */
function leader(x: number, y: number, box: Box): string {
  const nearestX = Math.min(Math.max(x, box.x), box.x + box.width)
  const nearestY = Math.min(Math.max(y, box.y), box.y + box.height)
  if (Math.hypot(nearestX - x, nearestY - y) < 14) return ''
  return element('line', { x1: x, y1: y, x2: nearestX, y2: nearestY, stroke: muted, 'stroke-width': 0.8 })
}

/** The steps between neighbours of the front as thin boxes. */
function staircaseBoxes(front: readonly Point[], mirror: Mirror): Box[] {
  const byX = front.map(({ x, y }) => ({ x: mirror(x), y })).sort((a, b) => a.x - b.x)
  return byX.flatMap(({ x, y }, i) => {
    const left = byX[i - 1]?.x ?? frame.x
    const below = byX[i + 1]?.y ?? frame.y + frame.height
    const width = Math.max(0, x - left)
    return [
      { x: Math.min(mirror(left), mirror(left + width)), y: y - 1, width, height: 2 },
      { x: mirror(x) - 1, y, width: 2, height: Math.max(0, below - y) },
    ]
  })
}
