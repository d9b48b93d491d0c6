import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { CommandRunner } from '../../worker/tensorflow/native/command.js'
import type { Release } from '../../worker/tensorflow/native/release.js'
import type { SetupSystem } from '../../worker/tensorflow/native/setup-system.js'
import { temporaryFolder } from './fake-programs.js'

const contents = {
  'tensorflow/libtensorflow_cc.so.2': 'the library'.repeat(1000),
  'tensorflow/libtensorflow_framework.so.2': 'the framework',
  'tensorflow/include/tensorflow/c/c_api.h': '// C API',
  'tensorflow/include/tensorflow/compiler/large.h': '// not needed',
  'tensorflow/python/lite.py': 'not needed',
}

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex')

/** A small wheel on disk, and the release that pins it. */
export function smallRelease(): { release: Release; wheel: string } {
  const folder = temporaryFolder()
  for (const [name, content] of Object.entries(contents)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  const wheel = join(folder, 'small-1.0.whl')
  execFileSync('python3', ['-m', 'zipfile', '-c', wheel, 'tensorflow'], { cwd: folder })
  const library = (entry: keyof typeof contents) => ({ entry, bytes: contents[entry].length, sha256: sha256(contents[entry]) })
  return {
    wheel,
    release: {
      version: '1.0',
      platform: 'linux-x64',
      distribution: 'small',
      wheelTag: 'any',
      wheel: { file: 'small-1.0.whl', bytes: readFileSync(wheel).length, sha256: sha256(readFileSync(wheel)) },
      libraries: [library('tensorflow/libtensorflow_cc.so.2'), library('tensorflow/libtensorflow_framework.so.2')],
    },
  }
}

/** A machine whose pip copies a wheel; it counts its downloads and keeps the progress lines. */
export function machineWith(wheel: string): SetupSystem & { readonly lines: string[]; downloads: number } {
  const lines: string[] = []
  const run: CommandRunner = (_program, args) => {
    if (args.includes('download')) {
      machine.downloads += 1
      copyFileSync(wheel, join(args[args.indexOf('--dest') + 1] ?? '', 'small-1.0.whl'))
    }
    return Promise.resolve({ code: 0, output: '' })
  }
  const machine = {
    lines,
    downloads: 0,
    run,
    env: process.env,
    platform: () => Promise.resolve({ os: 'linux', arch: 'x64', libc: 'glibc' }),
    freeBytes: () => Promise.resolve(1e12),
    tfjs: () => ({ folder: '/nowhere', version: '0' }),
    progress: (line: string) => void lines.push(line),
  }
  return machine
}
