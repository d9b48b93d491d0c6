import { describe, expect, test } from 'vitest'
import { processEnvironment } from '../../worker/trainer/process-environment.js'

describe('the environment of a trainer process', () => {
  test('asks for huge pages and keeps the rest', () => {
    expect(processEnvironment({ HOME: '/home/a' })).toEqual({ HOME: '/home/a', GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' })
  })

  test('adds to what the user has tuned', () => {
    expect(processEnvironment({ GLIBC_TUNABLES: 'glibc.malloc.arena_max=1' })).toEqual({ GLIBC_TUNABLES: 'glibc.malloc.arena_max=1:glibc.malloc.hugetlb=1' })
  })

  test('leaves a choice of the user as it is', () => {
    const env = { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=0' }
    expect(processEnvironment(env)).toBe(env)
  })
})
