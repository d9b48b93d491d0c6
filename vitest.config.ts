import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // Two cores: TensorFlow and the process tests each want a core of their own.
    maxWorkers: 2,
    pool: 'forks',
    // Tests of the cache name one of their own.
    env: { NASOA_IMAGE_CACHE: 'off' },
    testTimeout: 60_000,
    hookTimeout: 300_000,
    reporters: ['default', './tests/closing-line-reporter.ts'],
  },
})
