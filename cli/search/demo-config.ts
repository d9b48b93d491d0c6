import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import { type SearchConfigFile, parseSearchConfig } from '../../shared/config/search-config.js'
import { packageRoot } from '../../shared/package-root.js'
import { builtinDigits } from '../../shared/training/specification.js'

export interface DemoChoices {
  /** Folder of images instead of the digits. */
  readonly data: string | undefined
  /** Duration as written in a config. */
  readonly budget: string | undefined
}

/** The built-in config file, with what its user chose written into it. */
export async function demoConfig({ data, budget }: DemoChoices): Promise<SearchConfigFile> {
  const path = join(packageRoot(), 'deploy/examples/demo.yaml')
  const document = parseDocument(readFileSync(path, 'utf8'))
  if (budget !== undefined) document.setIn(['search', 'timeLimit'], budget)
  if (data !== undefined && data !== builtinDigits) {
    document.setIn(['data', 'directory'], resolve(data))
    document.setIn(['training', 'resolution'], await suitableResolution(data))
    document.setIn(['training', 'augmentation'], 'pad-crop')
  }
  return parseSearchConfig(document.toString({ lineWidth: 0 }), path)
}

/** Networks of the demo end at an output stride of at most 16; larger images only make it slower. */
const largestResolution = 64

async function suitableResolution(data: string): Promise<number> {
  const { printStatus } = await import('../output.js')
  const { readCollection } = await import('../../worker/data/read-collection.js')
  const { naturalResolution } = await import('../../worker/data/natural-resolution.js')
  return Math.min(largestResolution, await naturalResolution(await readCollection(data, printStatus)))
}
