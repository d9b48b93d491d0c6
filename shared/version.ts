import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from './package-root.js'

let version: string | undefined

/** Version of this program, as in its package.json. */
export function programVersion(): string {
  version ??= (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version
  return version
}

/** Whether two versions can work together: equal major and minor. */
export function compatible(a: string, b: string): boolean {
  const series = (text: string): string => text.split('.').slice(0, 2).join('.')
  return series(a) === series(b)
}
