import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import type { Rng } from '../../shared/rng.js'

/** Of SQLite's file format, section 4: the write-ahead log. */
const logHeaderBytes = 32
const frameHeaderBytes = 24
/** Of a log whose checksums are little-endian; big-endian ones have its last bit set. */
const magicNumber = 0x377f0682

/**
 * Does to the log of a killed coordinator what a machine that loses power does to what it had not synced: behind the last
 * committed frame the log ends, or goes on with half a frame, with a whole one that was never committed, or with garbage. Commits are
 * synced before they are answered for, so nothing of this may matter.
 * @returns what was done, in words
 */
export function tearTail(log: string, rng: Rng): string {
  if (!existsSync(log)) return 'there is no log'
  const bytes = readFileSync(log)
  const end = committedBytes(bytes)
  truncateSync(log, end)
  // The log may still begin with the garbage of the last time.
  const pageBytes = end >= logHeaderBytes ? bytes.readUInt32BE(8) : 4096
  const tails: Readonly<Record<string, () => Buffer>> = {
    'nothing': () => Buffer.alloc(0),
    'half a frame': () => frameLike(bytes, pageBytes, rng).subarray(0, 1 + rng.integer(frameHeaderBytes + pageBytes - 1)),
    'a frame whose page is not the one it was': () => frameLike(bytes, pageBytes, rng),
    'zeros': () => Buffer.alloc(1 + rng.integer(3 * pageBytes)),
    'garbage': () => noise(1 + rng.integer(3 * pageBytes), rng),
  }
  const name = rng.pick(Object.keys(tails))
  writeFileSync(log, tails[name](), { flag: 'a' })
  return `${bytes.length - end} bytes off the log, ${name} in their place`
}

/** Length of the log up to the end of its last valid commit frame. */
export function committedBytes(log: Buffer): number {
  if (log.length < logHeaderBytes || (log.readUInt32BE(0) & ~1) !== magicNumber) return 0
  const sum = new LogChecksum((log.readUInt32BE(0) & 1) === 1)
  const pageBytes = log.readUInt32BE(8)
  const salt = log.subarray(16, 24)
  sum.add(log.subarray(0, 24))
  if (!sum.equals(log, 24)) return 0
  let committed = logHeaderBytes
  for (let at = logHeaderBytes; at + frameHeaderBytes + pageBytes <= log.length; at += frameHeaderBytes + pageBytes) {
    sum.add(log.subarray(at, at + 8))
    sum.add(log.subarray(at + frameHeaderBytes, at + frameHeaderBytes + pageBytes))
    if (!salt.equals(log.subarray(at + 8, at + 16)) || !sum.equals(log, at + 16)) break
    if (log.readUInt32BE(at + 4) > 0) committed = at + frameHeaderBytes + pageBytes
  }
  return committed
}

/** SQLite's cumulative checksum over pairs of 32-bit words. */
class LogChecksum {
  private first = 0
  private second = 0

  constructor(private readonly isBigEndian: boolean) {}

  add(bytes: Buffer): void {
    const word = (at: number): number => (this.isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at))
    for (let at = 0; at < bytes.length; at += 8) {
      this.first = (this.first + word(at) + this.second) >>> 0
      this.second = (this.second + word(at + 4) + this.first) >>> 0
    }
  }

  equals(bytes: Buffer, at: number): boolean {
    return bytes.readUInt32BE(at) === this.first && bytes.readUInt32BE(at + 4) === this.second
  }
}

/** A frame with the log's own salts, of a page that holds something else than its checksum says. */
function frameLike(log: Buffer, pageBytes: number, rng: Rng): Buffer {
  const frame = noise(frameHeaderBytes + pageBytes, rng)
  frame.writeUInt32BE(1 + rng.integer(20), 0)
  frame.writeUInt32BE(rng.integer(50), 4)
  if (log.length >= logHeaderBytes) log.copy(frame, 8, 16, 24)
  return frame
}

function noise(length: number, rng: Rng): Buffer {
  return Buffer.from(Array.from({ length }, () => rng.integer(256)))
}
