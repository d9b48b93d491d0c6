import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { EnvironmentError, InvalidInputError, messageOf } from '../../shared/errors.js'
import { type SafetensorsHeader, encodeHeader, lengthBytes, longestHeader, parseHeader } from './safetensors.js'
import { elementCount } from './variables.js'

/** Shapes by variable name, as in `TrainingSession.shapes`. */
export type Shapes = ReadonlyMap<string, readonly number[]>

export interface Checkpoint {
  readonly variables: Map<string, Float32Array>
  readonly shapes: Shapes
  readonly metadata: Readonly<Record<string, string>>
}

/** Metadata key of every checkpoint, and its only value: filters are HWIO, depthwise filters HWIM, matrices [in, out]. */
const layoutKey = 'nasoa.layout'
const layout = 'tensorflow'

/** Longest single read or write; the system calls take no more than 2 GiB at once. */
const chunkBytes = 2 ** 30

/**
 * Writes all variables (optimizer state and step counter included) and metadata as one .safetensors file, which PyTorch users
 * can open too. The file is replaced as a whole or not at all, and is on the disk when this returns.
 * @throws EnvironmentError if it cannot be written (disk full, folder missing or not writable)
 */
export async function writeCheckpoint(
  path: string,
  variables: ReadonlyMap<string, Float32Array>,
  shapes: Shapes,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const chosen = new Map([...variables].map(([name, values]) => [name, shapeOf(name, values, shapes)]))
  const part = `${path}.${process.pid}.part`
  try {
    await writeDurably(part, [encodeHeader(chosen, { ...metadata, [layoutKey]: layout }), ...variables.values()])
    await rename(part, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(part, { force: true })
    throw new EnvironmentError(`cannot write the checkpoint ${path} (${messageOf(error)})`, { path }, { cause: error })
  }
}

/**
 * Reads a checkpoint and checks it strictly, since it may be cut short, damaged or hostile.
 * @param expected shapes that the variables must have, none missing and none besides; absent = any
 * @throws InvalidInputError if the file is missing, is no checkpoint of this layout, or does not fit `expected`
 */
export async function readCheckpoint(path: string, expected?: Shapes): Promise<Checkpoint> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new InvalidInputError(`cannot open the checkpoint ${path} (${messageOf(error)})`, { path }, { cause: error })
  })
  try {
    const { header, dataStart } = await readHeader(file, path)
    const shapes = new Map(header.tensors.map(({ name, shape }) => [name, shape]))
    if (expected !== undefined) checkShapes(shapes, expected, path)
    return { variables: await readVariables(file, header, dataStart, path), shapes, metadata: header.metadata }
  } finally {
    await file.close()
  }
}

async function readHeader(file: FileHandle, path: string): Promise<{ header: SafetensorsHeader; dataStart: number }> {
  const { size } = await file.stat()
  const refuse = (reason: string) => new InvalidInputError(`${path} is no valid checkpoint: ${reason}`, { path })
  if (size < lengthBytes) throw refuse(`it has ${size} bytes`)
  const length = (await readExactly(file, new Uint8Array(lengthBytes), 0, path)).readBigUInt64LE()
  if (length > longestHeader || Number(length) > size - lengthBytes) throw refuse(`its header would be ${length} bytes long`)
  const dataStart = lengthBytes + Number(length)
  const json = await readExactly(file, new Uint8Array(Number(length)), lengthBytes, path)
  const header = parseHeader(json, size - dataStart, path)
  if (header.metadata[layoutKey] !== layout) throw refuse(`its metadata lack ${layoutKey}=${layout}`)
  return { header, dataStart }
}

async function readVariables(file: FileHandle, { tensors }: SafetensorsHeader, dataStart: number, path: string) {
  const variables = new Map<string, Float32Array>()
  for (const { name, shape, begin } of tensors) {
    const values = new Float32Array(elementCount(shape))
    await readExactly(file, values, dataStart + begin, path)
    variables.set(name, values)
  }
  return variables
}

function checkShapes(shapes: Shapes, expected: Shapes, path: string): void {
  for (const [name, shape] of expected) {
    const found = shapes.get(name)
    if (found === undefined) throw new InvalidInputError(`the checkpoint ${path} lacks variable ${name}: it is of another network`, { path })
    if (found.join() !== shape.join()) {
      throw new InvalidInputError(`variable ${name} of the checkpoint ${path} is [${found.join()}], [${shape.join()}] expected`, { path })
    }
  }
  const foreign = [...shapes.keys()].find((name) => !expected.has(name))
  if (foreign !== undefined) throw new InvalidInputError(`the checkpoint ${path} has an unknown variable ${JSON.stringify(foreign)}`, { path })
}

function shapeOf(name: string, values: Float32Array, shapes: Shapes): readonly number[] {
  const shape = shapes.get(name)
  if (shape === undefined || elementCount(shape) !== values.length) {
    throw new Error(`variable ${name} has ${values.length} elements, its shape is [${shape?.join() ?? 'unknown'}]`)
  }
  return shape
}

async function writeDurably(path: string, parts: readonly (Uint8Array | Float32Array)[]): Promise<void> {
  const file = await open(path, 'w')
  try {
    for (const part of parts) {
      for (let offset = 0; offset < part.byteLength; ) {
        const length = Math.min(chunkBytes, part.byteLength - offset)
        offset += (await file.write(new Uint8Array(part.buffer, part.byteOffset + offset, length))).bytesWritten
      }
    }
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A rename is on the disk once its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function readExactly(file: FileHandle, into: Uint8Array | Float32Array, position: number, path: string): Promise<Buffer> {
  const bytes = Buffer.from(into.buffer, into.byteOffset, into.byteLength)
  for (let offset = 0; offset < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, offset, Math.min(chunkBytes, bytes.length - offset), position + offset)
    if (bytesRead === 0) throw new InvalidInputError(`the checkpoint ${path} ended while it was read`, { path })
    offset += bytesRead
  }
  return bytes
}
