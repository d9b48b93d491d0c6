import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fetchLibrary } from '../../worker/tensorflow/native/download.js'
import { DiskSpaceError, HashMismatchError } from '../../worker/tensorflow/native/errors.js'
import { temporaryFolder } from './fake-programs.js'
import { machineWith, smallRelease } from './fake-release.js'

describe('fetchLibrary', () => {
  it('unpacks the libraries and the headers, nothing else, and leaves no wheel behind', async () => {
    const { release, wheel } = smallRelease()
    const cache = temporaryFolder()
    const { main, include } = await fetchLibrary(cache, release, machineWith(wheel))
    expect(readFileSync(main, 'utf8')).toBe('the library'.repeat(1000))
    expect(readdirSync(join(include, 'tensorflow'))).toEqual(['c'])
    expect(readdirSync(join(cache, 'tensorflow'))).toEqual(['tensorflow-1.0-linux-x64'])
    expect(existsSync(join(cache, 'tensorflow/tensorflow-1.0-linux-x64/tensorflow/python'))).toBe(false)
  })

  it('downloads once and checks what is cached', async () => {
    const { release, wheel } = smallRelease()
    const cache = temporaryFolder()
    const machine = machineWith(wheel)
    const first = await fetchLibrary(cache, release, machine)
    expect(await fetchLibrary(cache, release, machine)).toEqual(first)
    expect(machine.downloads).toBe(1)
  })

  it.each([
    ['longer', (path: string) => appendFileSync(path, 'x')],
    ['cut off', (path: string) => truncateSync(path, 5)],
    ['of the same length', (path: string) => writeFileSync(path, 'THE LIBRARY'.repeat(1000))],
  ])('fetches a cached library again that is %s', async (_what, damage) => {
    const { release, wheel } = smallRelease()
    const cache = temporaryFolder()
    const machine = machineWith(wheel)
    const { main } = await fetchLibrary(cache, release, machine)
    damage(main)
    await fetchLibrary(cache, release, machine)
    expect(readFileSync(main, 'utf8')).toBe('the library'.repeat(1000))
    expect(machine.lines.join('\n')).toContain('is damaged and is fetched again')
  })

  it('refuses a wheel that is not the pinned one, says what it expected and keeps nothing of it', async () => {
    const { release, wheel } = smallRelease()
    const cache = temporaryFolder()
    appendFileSync(wheel, 'tampered')
    const attempt = fetchLibrary(cache, release, machineWith(wheel))
    await expect(attempt).rejects.toThrow(HashMismatchError)
    await expect(attempt).rejects.toThrow(`where ${release.wheel.sha256} was expected, and was removed`)
    expect(readdirSync(join(cache, 'tensorflow'))).toEqual([])
  })

  it('refuses a wheel whose library differs or is missing', async () => {
    const { release, wheel } = smallRelease()
    const [main, framework] = release.libraries
    if (main === undefined || framework === undefined) throw new Error('a release has two libraries')
    const other = { ...release, libraries: [{ ...main, sha256: '0'.repeat(64) }, framework] }
    await expect(fetchLibrary(temporaryFolder(), other, machineWith(wheel))).rejects.toThrow(HashMismatchError)
    const absent = { ...release, libraries: [main, { ...framework, entry: 'tensorflow/libabsent.so' }] }
    await expect(fetchLibrary(temporaryFolder(), absent, machineWith(wheel))).rejects.toThrow('lacks tensorflow/libabsent.so')
  })

  it('does not begin to download on a full disk', async () => {
    const { release, wheel } = smallRelease()
    const machine = { ...machineWith(wheel), freeBytes: () => Promise.resolve(1e6), run: () => Promise.reject(new Error('must not run')) }
    const attempt = fetchLibrary(temporaryFolder(), release, machine)
    await expect(attempt).rejects.toThrow(DiskSpaceError)
    await expect(attempt).rejects.toThrow(/has 1 MB free and the set-up needs 20 MB.*NASOA_CACHE/)
  })

  it('clears away what a killed set-up left', async () => {
    const { release, wheel } = smallRelease()
    const cache = temporaryFolder()
    mkdirSync(join(cache, 'tensorflow', 'partial-abc'), { recursive: true })
    await fetchLibrary(cache, release, machineWith(wheel))
    expect(readdirSync(join(cache, 'tensorflow'))).toEqual(['tensorflow-1.0-linux-x64'])
  })
})
