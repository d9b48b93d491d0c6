import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

it("the code of TensorFlow's messages is what `npm run generate` makes of their proto", () => {
  const folder = mkdtempSync(join(tmpdir(), 'nasoa-generated-'))
  try {
    const template = join(folder, 'buf.gen.yaml')
    const committed = readFileSync(join(root, 'buf.gen.tensorflow.yaml'), 'utf8')
    writeFileSync(template, committed.replace('out: worker/tensorflow/proto/gen', `out: ${JSON.stringify(folder)}`))
    execFileSync(join(root, 'node_modules/.bin/buf'), ['generate', '--template', template], { cwd: root })
    const generated = readFileSync(join(folder, 'program.ts'), 'utf8')
    expect(readFileSync(join(root, 'worker/tensorflow/proto/gen/program.ts'), 'utf8')).toBe(generated)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
