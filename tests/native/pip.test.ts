import { describe, expect, it } from 'vitest'
import { UnavailableError } from '../../shared/errors.js'
import { runCommand } from '../../worker/tensorflow/native/command.js'
import { DiskSpaceError, MissingToolError } from '../../worker/tensorflow/native/errors.js'
import { downloadError, findPip, pipDownload } from '../../worker/tensorflow/native/pip.js'
import { releaseFor } from '../../worker/tensorflow/native/release.js'
import { pathWith, temporaryFolder } from './fake-programs.js'

const release = releaseFor({ os: 'linux', arch: 'x64', libc: 'glibc' })
const answers = 'echo pip 23; exit 0'
const hasNone = 'echo "No module named pip" >&2; exit 1'

describe('findPip', () => {
  it('asks python3 first', async () => {
    const PATH = pathWith({ python3: answers, pip3: answers })
    expect(await findPip({ PATH }, runCommand)).toEqual([`${PATH}/python3`, '-m', 'pip'])
  })

  it('goes on to the next where a Python has no pip', async () => {
    const PATH = pathWith({ python3: hasNone, python: hasNone, pip3: answers })
    expect(await findPip({ PATH }, runCommand)).toEqual([`${PATH}/pip3`])
  })

  it('prefers the Python that PYTHON names', async () => {
    const PATH = pathWith({ python3: answers, 'python3.12': answers })
    expect(await findPip({ PATH, PYTHON: 'python3.12' }, runCommand)).toEqual([`${PATH}/python3.12`, '-m', 'pip'])
  })

  it('tells no Python from a Python without pip', async () => {
    await expect(findPip({ PATH: pathWith({}) }, runCommand)).rejects.toThrow(/no Python with pip on PATH.*apt install python3-pip/)
    const PATH = pathWith({ python3: hasNone })
    await expect(findPip({ PATH }, runCommand)).rejects.toThrow(`${PATH}/python3 has no pip`)
    await expect(findPip({ PATH }, runCommand)).rejects.toThrow(MissingToolError)
  })
})

describe('pipDownload', () => {
  it('reports an index that refuses connections as unavailable', async () => {
    const folder = temporaryFolder()
    // Port 9 of the loopback has no listener.
    const index = { PIP_INDEX_URL: 'http://127.0.0.1:9/simple', PIP_RETRIES: '0', PIP_CONFIG_FILE: '/dev/null' }
    const neither = { PIP_FIND_LINKS: undefined, PIP_EXTRA_INDEX_URL: undefined, HTTP_PROXY: undefined, http_proxy: undefined }
    const env = { ...process.env, ...index, ...neither }
    const attempt = pipDownload(await findPip(env, runCommand), release, folder, env, runCommand)
    await expect(attempt).rejects.toThrow(UnavailableError)
    await expect(attempt).rejects.toThrow(/could not reach its package index for tensorflow-cpu 2\.19\.1.*check the network/)
  })

  it('pins the version and the platform whatever Python runs it', async () => {
    let line: readonly string[] = []
    const record = (_program: string, args: readonly string[]) => {
      line = args
      return Promise.resolve({ code: 0, output: '' })
    }
    await pipDownload(['pip'], release, '/nowhere', {}, record)
    expect(line).toEqual(expect.arrayContaining(['--no-deps', '--only-binary=:all:', 'manylinux2014_x86_64', 'cp312', 'tensorflow-cpu==2.19.1']))
  })
})

describe('downloadError', () => {
  const errorFor = (output: string) => downloadError(release, '/cache', { code: 1, output })

  it('tells a package that the index lacks from an index that is away', () => {
    const lacks = 'ERROR: Could not find a version that satisfies the requirement x (from versions: none)\nERROR: No matching distribution found for x'
    expect(errorFor(lacks)).not.toBeInstanceOf(UnavailableError)
    expect(errorFor(lacks).message).toMatch(/index has no tensorflow-cpu 2\.19\.1.*set pip's index-url/)
    const away = 'WARNING: Retrying (Retry(total=4)) after connection broken by NewConnectionError: Temporary failure in name resolution\n'
    expect(errorFor(away + lacks)).toBeInstanceOf(UnavailableError)
    const unknown = 'Could not fetch URL http://mirror/x/: 404 Client Error: Not Found for url: http://mirror/x/ - skipping\n'
    expect(errorFor(unknown + lacks)).not.toBeInstanceOf(UnavailableError)
    const forbidden = 'Could not fetch URL http://mirror/x/: 403 Client Error: Forbidden for url: http://mirror/x/ - skipping\n'
    expect(errorFor(forbidden + lacks)).toBeInstanceOf(UnavailableError)
  })

  it.each([
    'ERROR: HTTP error 503 while getting http://index/x.whl',
    'pip._vendor.urllib3.exceptions.ReadTimeoutError: Read timed out',
    'pip._vendor.urllib3.exceptions.IncompleteRead(1 bytes read, 2 more expected)',
  ])('takes "%s" for a network that may come back', output => {
    expect(errorFor(output)).toBeInstanceOf(UnavailableError)
  })

  it('recognises a disk that ran full on the way', () => {
    expect(errorFor('ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device')).toBeInstanceOf(DiskSpaceError)
  })

  it("passes pip's own last words on where it knows no better", () => {
    expect(errorFor('ERROR: something new\nTraceback\nRemoved build tracker\n').message).toMatch(/: something new$/)
  })
})
