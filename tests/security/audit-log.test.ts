import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { AuditLog, auditFileName, earlierAuditFileName } from '../../coordinator/services/audit-log.js'
import { silentLogger } from '../../shared/logging.js'
import { ManualClock } from '../support/manual-clock.js'

const folders: string[] = []
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })))

function newFolder(): string {
  folders.push(mkdtempSync(join(tmpdir(), 'nasoa-audit-')))
  return folders[folders.length - 1]
}

const logIn = (directory: string): AuditLog =>
  new AuditLog({ directory, clock: new ManualClock(), logger: silentLogger, retention: { bytes: 1_000, earlierParts: 3 } })

/** Jobs named in the log's files, oldest file first. */
function jobsIn(directory: string): number[] {
  const files = [3, 2, 1].map(earlierAuditFileName).concat(auditFileName)
  const lines = files.filter((file) => readdirSync(directory).includes(file)).flatMap((file) => readFileSync(join(directory, file), 'utf8').trim().split('\n'))
  return lines.map((line) => (JSON.parse(line) as { job: number }).job)
}

function write(log: AuditLog, from: number, to: number): void {
  for (let job = from; job <= to; job++) {
    log.write({ action: 'CompleteJob', by: null, peer: '127.0.0.1:5', job })
    log.flush()
  }
}

describe('the audit log', () => {
  test('keeps the latest lines, whole and in order, in files of bounded number and size', () => {
    const directory = newFolder()
    write(logIn(directory), 1, 200)
    const jobs = jobsIn(directory)
    expect(jobs).toEqual(Array.from({ length: jobs.length }, (_, i) => 201 - jobs.length + i))
    expect(jobs.length).toBeGreaterThan(20)
    expect(readdirSync(directory).sort()).toEqual(['audit.1.jsonl', 'audit.2.jsonl', 'audit.3.jsonl', 'audit.jsonl'])
    for (const file of readdirSync(directory)) expect(readFileSync(join(directory, file)).length).toBeLessThanOrEqual(1_000)
  })

  test('goes on with what an earlier coordinator has written', () => {
    const directory = newFolder()
    write(logIn(directory), 1, 9)
    write(logIn(directory), 10, 12)
    expect(jobsIn(directory)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  })

  test('writes a turn of the event loop that is larger than a file whole', () => {
    const directory = newFolder()
    const log = logIn(directory)
    write(log, 1, 1)
    for (let job = 2; job <= 30; job++) log.write({ action: 'CompleteJob', by: null, peer: '127.0.0.1:5', job })
    log.flush()
    write(log, 31, 31)
    expect(jobsIn(directory)).toEqual(Array.from({ length: 31 }, (_, i) => i + 1))
  })

  test('costs lines and no job while it cannot be written, and goes on when it can', () => {
    const directory = newFolder()
    const log = logIn(join(directory, 'search'))
    write(log, 1, 1)
    mkdirSync(join(directory, 'search'))
    write(log, 2, 3)
    expect(jobsIn(join(directory, 'search'))).toEqual([2, 3])
  })
})
