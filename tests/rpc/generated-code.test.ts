import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const buf = join(root, 'node_modules/.bin/buf')

function filesOf(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(names.map((entry) => [join(entry.parentPath, entry.name).slice(folder.length), readFileSync(join(entry.parentPath, entry.name), 'utf8')]))
}

test('the generated code is what `npm run generate` makes of the protos', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nasoa-generated-'))
  try {
    const template = join(folder, 'buf.gen.yaml')
    writeFileSync(template, readFileSync(join(root, 'buf.gen.yaml'), 'utf8').replace('out: shared/rpc/gen', `out: ${JSON.stringify(join(folder, 'gen'))}`))
    execFileSync(buf, ['generate', '--template', template], { cwd: root })
    expect([...filesOf(join(folder, 'gen')).keys()].length).toBeGreaterThan(2)
    expect(filesOf(join(root, 'shared/rpc/gen'))).toEqual(filesOf(join(folder, 'gen')))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('the protos follow the style that buf checks', () => {
  expect(() => execFileSync(buf, ['lint'], { cwd: root, stdio: 'pipe' })).not.toThrow()
})

test("every RPC's promises are in the README of the protos, and nothing else is", () => {
  const folder = join(root, 'proto/nasoa/v1')
  const protos = ['worker.proto', 'control.proto', 'join.proto'].map((name) => readFileSync(join(folder, name), 'utf8')).join('\n')
  const rpcs = [...protos.matchAll(/^ {2}rpc (\w+)\(/gm)].map(([, name]) => name)
  const documented = [...readFileSync(join(folder, 'README.md'), 'utf8').matchAll(/^\| `([A-Z][a-z]\w+)` \|/gm)].map(([, name]) => name)
  expect(rpcs.length).toBeGreaterThan(5)
  expect(documented.sort()).toEqual(rpcs.sort())
})
