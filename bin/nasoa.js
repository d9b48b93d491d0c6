#!/usr/bin/env node
import { ensureBuilt } from './build.js'

try {
  await ensureBuilt()
} catch (error) {
  console.error(`nasoa: the build failed: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
}
await import(new URL('../dist/cli/main.js', import.meta.url).href)
