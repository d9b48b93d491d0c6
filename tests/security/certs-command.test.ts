import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { AuthorityFolder } from '../../shared/security/authority-folder.js'
import { loadTlsMaterial, filesBeside } from '../../shared/security/tls-material.js'
import { dayMs } from './cluster.js'

const program = resolve(import.meta.dirname, '../../bin/nasoa.js')
const folder = mkdtempSync(join(tmpdir(), 'nasoa-certs-'))
const certs = join(folder, 'certs')

function nasoa(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'certs', ...args], { cwd: folder, encoding: 'utf8' })
  return { code: status, stdout, stderr }
}

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8)

beforeAll(() => {
  expect(nasoa('init', '--hosts', 'head-1,10.0.0.5').code).toBe(0)
})

describe('nasoa certs', () => {
  it('init makes an authority and a coordinator that clients can verify by host', () => {
    const files = filesBeside(join(certs, 'coordinator.crt'))
    expect(() => loadTlsMaterial(files, 'server', Date.now())).not.toThrow()
    const certificate = new X509Certificate(readFileSync(files.certificate))
    for (const host of ['head-1', 'localhost', 'nasoa-coordinator']) expect(certificate.checkHost(host)).toBe(host)
    for (const address of ['10.0.0.5', '127.0.0.1', '::1']) expect(certificate.checkIP(address)).toBe(address)
    expect(certificate.checkHost('other')).toBeUndefined()
  })

  it('keeps keys to their owner', () => {
    expect([mode(certs), mode(join(certs, 'ca.key')), mode(join(certs, 'coordinator.key'))]).toEqual(['700', '600', '600'])
  })

  it('replaces nothing unless told to', () => {
    const before = readFileSync(join(certs, 'ca.key'), 'utf8')
    const again = nasoa('init')
    expect(again.code).toBe(2)
    expect(again.stderr).toMatch(/ca\.crt is there already.*--force/)
    expect(readFileSync(join(certs, 'ca.key'), 'utf8')).toBe(before)
  })

  it('issues, hands over and inspects', () => {
    const { code, stdout } = nasoa('issue', '--role', 'operator', '--name', 'ada', '--days', '7', '--output', 'ada', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ role: 'operator', name: 'ada', certificate: 'ada/ada.crt', key: 'ada/ada.key' })
    expect(mode(join(folder, 'ada/ada.key'))).toBe('600')
    expect(() => loadTlsMaterial(filesBeside(join(folder, 'ada/ada.crt')), 'client', Date.now())).not.toThrow()
    const inspected = nasoa('inspect', 'ada/ada.crt', '--json')
    expect(inspected.code).toBe(0)
    expect(JSON.parse(inspected.stdout)).toMatchObject({ name: 'ada', role: 'operator', daysLeft: 7, problems: [], authority: false })
  })

  it('inspect tells a foreign and an expired certificate, and what is none', async () => {
    const other = new AuthorityFolder(join(folder, 'other'))
    await other.create('other', 30, Date.now() - 20 * dayMs, false)
    const request = { role: 'worker', name: 'old', days: 1, hosts: [] } as const
    await other.issue(request, other.folder, Date.now() - 10 * dayMs, false)
    const inspected = nasoa('inspect', 'other/old.crt', '--ca', 'certs/ca.crt')
    expect(inspected.code).toBe(1)
    expect(inspected.stderr).toMatch(/old\.crt expired on/)
    expect(inspected.stderr).toMatch(/old\.crt was issued by another authority \(CN=other\)/)
    writeFileSync(join(folder, 'none.crt'), 'hello')
    expect(nasoa('inspect', 'none.crt')).toMatchObject({ code: 1, stderr: expect.stringMatching(/none\.crt holds no certificate/) as string })
  })

  it.each([
    [['issue', '--role', 'worker', '--name', '../x'], 2, /name must have/],
    [['issue', '--role', 'worker', '--name', 'ca'], 2, /the name ca is the authority's own/],
    [['issue', '--role', 'root', '--name', 'x'], 2, /role/],
    [['issue', '--role', 'worker', '--name', 'x', '--hosts', 'a'], 2, /hosts belong to a coordinator/],
    [['issue', '--role', 'coordinator', '--name', 'x', '--hosts', 'a:7070'], 2, /'a:7070' is neither a host's name nor an IP address/],
    [['issue', '--role', 'worker', '--name', 'x', '--days', '0'], 2, /more than 0/],
    [['issue', '--role', 'worker', '--name', 'x', '--days', '3651'], 2, /at most 3650/],
    [['issue', '--role', 'worker', '--name', 'x', '--authority', 'nowhere'], 1, /nasoa certs init/],
  ])('%j ends with %i and says why', (args, code, message) => {
    const result = nasoa(...args)
    expect(result.stderr).toMatch(message)
    expect(result.code).toBe(code)
    expect(existsSync(join(certs, 'x.key'))).toBe(false)
  })

  it('makes, lists and revokes join tokens', () => {
    const made = nasoa('token', 'create', '--uses', '2', '--lifetime', '1h', '--json')
    const { token, id } = JSON.parse(made.stdout) as { token: string; id: string }
    expect(token).toContain(id)
    expect(mode(join(certs, 'tokens.json'))).toBe('600')
    expect(JSON.parse(nasoa('token', 'list', '--json').stdout)).toMatchObject({ tokens: [{ id, uses: 2, used: 0 }] })
    expect(nasoa('token', 'revoke', id).code).toBe(0)
    expect(JSON.parse(nasoa('token', 'list', '--json').stdout)).toEqual({ tokens: [] })
    expect(nasoa('token', 'revoke', id).code).toBe(2)
  })
})
