/** A labelled position on an axis. */
export interface Tick {
  readonly value: number
  readonly label: string
}

/** One axis of a plot: its domain in data units, its ticks, and where a value lies as a share of its length. */
export interface Axis {
  readonly low: number
  readonly high: number
  readonly isLogarithmic: boolean
  readonly ticks: readonly Tick[]
  /** 0 at `low`, 1 at `high`. */
  position(value: number): number
}

/** A ratio of largest to smallest value from which a logarithmic axis shows more than a linear one. */
const logarithmicRatio = 5

interface AxisOptions {
  /** Offer a logarithmic axis where the values span a wide range. */
  readonly allowLogarithmic: boolean
  /** About how many ticks there is room for. */
  readonly ticks: number
  /** Room beyond the largest value, as a share of the range; labels lie there. */
  readonly headroom: number
  /** Values that the quantity cannot leave, for example 0 and 100 %: no tick lies beyond them. */
  readonly minimum?: number
  readonly maximum?: number
}

/** An axis that shows all values with some room around them; a domain of its own where there are none or one. */
export function fitAxis(values: readonly number[], options: AxisOptions): Axis {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity)
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity)
  if (values.length === 0) return linearAxis(options.minimum ?? 0, options.maximum ?? 1, options)
  if (options.allowLogarithmic && low > 0 && high / low >= logarithmicRatio) return logarithmicAxis(low, high, options)
  // Values that differ by rounding only are one value to the reader.
  const isOneValue = high - low <= 1e-6 * Math.max(Math.abs(low), Math.abs(high))
  const range = isOneValue ? Math.abs(high) * 0.5 || 1 : high - low
  const [below, above] = isOneValue ? [0.5, 0.5] : [0.08, options.headroom]
  return linearAxis(Math.max(low - range * below, options.minimum ?? -Infinity), high + range * above, options)
}

function linearAxis(low: number, high: number, { ticks, maximum = Infinity }: AxisOptions): Axis {
  const step = niceStep((high - low) / Math.max(1, ticks))
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9))
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(Math.min(high, maximum) / step + 1e-9)
  const values = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toFixed(decimals)))
  return {
    low,
    high,
    isLogarithmic: false,
    ticks: values.map((value) => ({ value, label: formatNumber(value, decimals) })),
    position: (value) => (value - low) / (high - low),
  }
}

/** 1, 2 or 5 times a power of ten, at least the given step. */
function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step))
  const multiple = [1, 2, 5, 10].find((candidate) => candidate * power >= step * (1 - 1e-9)) ?? 10
  return multiple * power
}

function logarithmicAxis(low: number, high: number, { ticks, headroom }: AxisOptions): Axis {
  const [from, to] = [low / (high / low) ** 0.06, high * (high / low) ** headroom]
  // The densest of these that has room; wide ranges get powers of ten only.
  const choices = [[1, 1.5, 2, 3, 4, 5, 6, 8], [1, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]].map((multiples) => multiplesOfPowers(multiples, from, to))
  const values = choices.find((choice) => choice.length <= ticks) ?? thin(choices[choices.length - 1], ticks)
  return {
    low: from,
    high: to,
    isLogarithmic: true,
    ticks: values.map((value) => ({ value, label: formatNumber(value, Math.max(0, Math.ceil(-Math.log10(value) - 1e-9) + (Number.isInteger(value) ? 0 : 1))) })),
    position: (value) => Math.log(value / from) / Math.log(to / from),
  }
}

function multiplesOfPowers(multiples: readonly number[], from: number, to: number): number[] {
  const values: number[] = []
  for (let exponent = Math.floor(Math.log10(from)); exponent <= Math.ceil(Math.log10(to)); exponent++) {
    for (const multiple of multiples) {
      const value = Number((multiple * 10 ** exponent).toPrecision(3))
      if (value >= from && value <= to) values.push(value)
    }
  }
  return values
}

function thin(values: readonly number[], count: number): number[] {
  const every = Math.ceil(values.length / Math.max(1, count))
  return values.filter((_, i) => i % every === 0)
}

/** Groups of three digits are set apart by a thin space; trailing zeros are kept on linear axes only as the step needs them. */
function formatNumber(value: number, decimals: number): string {
  const [whole, fraction] = value.toFixed(Math.min(decimals, 12)).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, '\u2009')
  return (fraction === undefined ? grouped : `${grouped}.${fraction}`).replace('-', '\u2212')
}
