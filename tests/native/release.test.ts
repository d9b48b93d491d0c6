import { describe, expect, it } from 'vitest'
import { UnsupportedPlatformError } from '../../worker/tensorflow/native/errors.js'
import { requireVectorInstructions } from '../../worker/tensorflow/native/platform.js'
import { releaseFor } from '../../worker/tensorflow/native/release.js'

describe('releaseFor', () => {
  it('has x64 and arm64 Linux with glibc', () => {
    expect(releaseFor({ os: 'linux', arch: 'x64', libc: 'glibc' }).wheel.file).toContain('x86_64')
    expect(releaseFor({ os: 'linux', arch: 'arm64', libc: 'glibc' }).wheel.file).toContain('aarch64')
  })

  it.each([
    [{ os: 'darwin', arch: 'arm64', libc: null }, 'darwin-arm64'],
    [{ os: 'win32', arch: 'x64', libc: null }, 'win32-x64'],
    [{ os: 'linux', arch: 'riscv64', libc: 'glibc' }, 'linux-riscv64 with glibc'],
    [{ os: 'linux', arch: 'x64', libc: 'musl' }, 'linux-x64 with musl'],
  ])('refuses %j and says what is supported', (platform, name) => {
    expect(() => releaseFor(platform)).toThrow(UnsupportedPlatformError)
    expect(() => releaseFor(platform)).toThrow(`for ${name}: use linux-x64, linux-arm64 with glibc`)
  })
})

describe('requireVectorInstructions', () => {
  it('refuses an x64 CPU without AVX, which TensorFlow would die on', () => {
    expect(() => requireVectorInstructions('x64', 'flags\t\t: fpu sse sse2 sse4_2\n')).toThrow(UnsupportedPlatformError)
  })

  it('accepts AVX, other architectures, and a system that does not tell', () => {
    requireVectorInstructions('x64', 'flags\t\t: fpu sse4_2 avx avx2\n')
    requireVectorInstructions('arm64', 'Features\t: fp asimd\n')
    requireVectorInstructions('x64', 'model name\t: unknown\n')
  })
})
