import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../shared/clock.js'
import { FileAnnouncer } from '../../shared/discovery/file-announcer.js'
import { fileDiscovery } from '../../shared/discovery/file-discovery.js'
import { Watching, addressesOf } from './watching.js'

let folder: string
let path: string
let watching: Watching

/** So long that only a notification can be in time. */
const never = 3_600_000

function watch(file = path, intervalMs = never): Watching {
  watching = new Watching(fileDiscovery({ path: file, intervalMs, clock: systemClock }))
  return watching
}

const list = (...addresses: string[]): string => JSON.stringify({ coordinators: addresses })

function replace(content: string): void {
  writeFileSync(`${path}.new`, content)
  renameSync(`${path}.new`, path)
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nasoa-file-'))
  path = join(folder, 'coordinators.yaml')
})

afterEach(async () => {
  await watching.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe('a file of addresses', () => {
  it('is read as JSON and as YAML, in its order', async () => {
    writeFileSync(path, list('b:7070', 'a:7070'))
    await watch().names('b:7070', 'a:7070')
    replace('coordinators:\n  - "[::1]:7070"\n  - c:1\n')
    await watching.names('[::1]:7070', 'c:1')
  })

  it('is followed through replacements by rename and writing in place', async () => {
    writeFileSync(path, list('a:1'))
    await watch().names('a:1')
    for (let port = 2; port <= 6; port++) {
      if (port % 2 === 0) replace(list(`a:${port}`))
      else writeFileSync(path, list(`a:${port}`))
      await watching.names(`a:${port}`)
    }
  })

  it('keeps the last addresses when it is deleted, says so, and takes it up again when it is back', async () => {
    writeFileSync(path, list('a:1'))
    await watch().names('a:1')
    rmSync(path)
    const gone = await watching.trouble(/cannot read .*coordinators\.yaml.*last known addresses stay in use/)
    expect(addressesOf(gone)).toEqual(['a:1'])
    replace(list('a:2'))
    await watching.names('a:2')
  })

  it.each([
    ['half of the text', '{"coordinators": ["a:1", "b:', /coordinators\.yaml:1:/],
    ['no text', '', /coordinators\.yaml/],
    ['an empty list', list(), /names no address/],
    ['an address without a port', list('a'), /must be host:port/],
    ['port 0', list('a:0'), /port 0/],
    ['an unknown key', '{"coordinators": ["b:2"], "coordinator": "b:2"}', /did you mean 'coordinators'/],
  ])('keeps the last addresses over %s', async (_name, content, message) => {
    writeFileSync(path, list('a:1'))
    await watch().names('a:1')
    writeFileSync(path, content)
    expect(addressesOf(await watching.trouble(message))).toEqual(['a:1'])
    writeFileSync(path, list('b:2'))
    await watching.names('b:2')
  })

  it('never believes a text that is valid but still being written', async () => {
    writeFileSync(path, list('a:1'))
    await watch().names('a:1')
    writeFileSync(path, 'coordinators:\n  - host:70')
    appendFileSync(path, '70\n')
    await watching.names('host:7070')
    expect(watching.seen.map(addressesOf)).not.toContainEqual(['host:70'])
  })

  it('says what to write where there is no file yet', async () => {
    expect((await watch().trouble(/cannot read/)).addresses).toEqual([])
    writeFileSync(path, list('a:1'))
    await watching.names('a:1')
  })

  it('follows a link that is switched, as mounted configurations are', async () => {
    for (const version of [1, 2]) {
      mkdirSync(join(folder, `v${version}`))
      writeFileSync(join(folder, `v${version}`, 'list.yaml'), list(`a:${version}`))
    }
    symlinkSync('v1', join(folder, 'data'))
    symlinkSync('data/list.yaml', path)
    await watch().names('a:1')
    symlinkSync('v2', join(folder, 'data.new'))
    renameSync(join(folder, 'data.new'), join(folder, 'data'))
    await watching.names('a:2')
  })

  it('is found by the interval where the folder cannot be watched', async () => {
    const late = join(folder, 'later', 'list.yaml')
    await watch(late, 100).trouble(/cannot read/)
    mkdirSync(join(folder, 'later'))
    writeFileSync(late, list('a:1'))
    await watching.names('a:1')
  })
})

describe('announcing in a file', () => {
  it('enters the address for those that watch, and takes it out again', async () => {
    await watch().trouble(/cannot read/)
    const reports: (string | null)[] = []
    const announcement = new FileAnnouncer(path, 100, systemClock).announce({ host: 'me', port: 7 }, (trouble) => reports.push(trouble))
    await watching.names('me:7')
    await announcement.withdraw()
    expect(addressesOf(await watching.trouble(/cannot read/))).toEqual(['me:7'])
    expect(reports).toEqual([null])
  })

  it('does not take out what another has entered since', async () => {
    const announcer = new FileAnnouncer(path, 100, systemClock)
    const first = announcer.announce({ host: 'first', port: 1 }, () => undefined)
    announcer.announce({ host: 'second', port: 2 }, () => undefined)
    await first.withdraw()
    await watch().names('second:2')
  })

  it('says when it cannot write, and goes on trying', async () => {
    const later = join(folder, 'later', 'list.json')
    const reports: (string | null)[] = []
    const written = new Promise<void>((resolve) => {
      new FileAnnouncer(later, 50, systemClock).announce({ host: 'me', port: 7 }, (trouble) => {
        reports.push(trouble)
        if (trouble === null) resolve()
      })
    })
    mkdirSync(join(folder, 'later'))
    await written
    expect(reports[0]).toMatch(/cannot write .*list\.json/)
    await watch(later).names('me:7')
  })
})
