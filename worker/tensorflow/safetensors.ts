import { InvalidInputError } from '../../shared/errors.js'
import { elementCount } from './variables.js'

/** Where a tensor lies in a .safetensors file: float32, bytes `begin` to before `end` of the data section. */
export interface TensorEntry {
  readonly name: string
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

export interface SafetensorsHeader {
  readonly tensors: readonly TensorEntry[]
  readonly metadata: Readonly<Record<string, string>>
}

/** The length of the header stands in front of it, as an unsigned 64-bit integer, little endian. */
export const lengthBytes = 8
/** Limit of the format's own reader. */
export const longestHeader = 100_000_000
const bytesPerElement = 4
const metadataKey = '__metadata__'

/** Length and header of a .safetensors file with the given float32 tensors in this order; their bytes follow, without gaps. */
export function encodeHeader(shapes: ReadonlyMap<string, readonly number[]>, metadata: Readonly<Record<string, string>>): Uint8Array {
  let end = 0
  const entries = [...shapes].map(([name, shape]) => {
    const begin = end
    end += elementCount(shape) * bytesPerElement
    return [name, { dtype: 'F32', shape, data_offsets: [begin, end] }]
  })
  const text = Buffer.from(JSON.stringify({ [metadataKey]: metadata, ...(Object.fromEntries(entries) as object) }))
  // Spaces up to a multiple of 8, so that the tensors can be mapped into memory.
  const header = Buffer.alloc(lengthBytes + Math.ceil(text.length / 8) * 8, ' ')
  header.writeBigUInt64LE(BigInt(header.length - lengthBytes))
  text.copy(header, lengthBytes)
  return header
}

/**
 * Reads and checks the JSON of a header. Everything is checked, because a checkpoint may come from anywhere: types, shapes
 * against offsets, and that the tensors fill the `dataBytes` bytes of the data section without gap or overlap.
 * @throws InvalidInputError that starts with `where`
 */
export function parseHeader(json: Uint8Array, dataBytes: number, where: string): SafetensorsHeader {
  const refuse = (reason: string): never => {
    throw new InvalidInputError(`${where} is no valid checkpoint: ${reason}`)
  }
  const { [metadataKey]: metadata = {}, ...rest } = parseObject(json) ?? refuse('its header is no JSON object')
  if (!isStringRecord(metadata)) return refuse('its metadata are not all strings')
  const tensors = Object.entries(rest).map(([name, entry]) => parseEntry(name, entry) ?? refuse(`its entry ${JSON.stringify(name)} is malformed`))
  checkCoverage(tensors, dataBytes, refuse)
  return { tensors, metadata }
}

function checkCoverage(tensors: readonly TensorEntry[], dataBytes: number, refuse: (reason: string) => never): void {
  let expected = 0
  for (const { name, begin, end } of [...tensors].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== expected) refuse(`${JSON.stringify(name)} starts at byte ${begin}, ${expected} expected`)
    expected = end
  }
  if (expected !== dataBytes) refuse(`its header describes ${expected} bytes of data, the file has ${dataBytes}`)
}

function parseObject(json: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json))
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

function parseEntry(name: string, entry: unknown): TensorEntry | undefined {
  if (!isRecord(entry) || entry.dtype !== 'F32' || !isSizes(entry.shape) || !isSizes(entry.data_offsets)) return undefined
  const { shape, data_offsets: offsets } = entry
  if (offsets.length !== 2 || offsets[1] - offsets[0] !== elementCount(shape) * bytesPerElement) return undefined
  return { name, shape, begin: offsets[0], end: offsets[1] }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isStringRecord(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((entry) => typeof entry === 'string')
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0)
}
