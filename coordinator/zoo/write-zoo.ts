import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { zooCsv } from './csv.js'
import { type BlockPhase, blockPlot } from './block-plot.js'
import { paretoPlot } from './pareto-plot.js'
import type { Zoo, ZooCandidate } from './zoo.js'

/** Paths of what was written. */
export interface ZooFiles {
  readonly json: string
  readonly csv: string
  readonly plot: string
  /** null = the search has no results of a block phase. */
  readonly blockPlot: string | null
}

/** Readers never see half a file: it is written beside its place, then moved there. */
async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  await writeFile(temporary, content)
  await rename(temporary, path)
}

/** Writes zoo.json, zoo.csv, pareto.svg and, of a block phase, phase-block.svg into the directory, which is made where it does not exist. */
export async function writeZoo<T extends Zoo>(directory: string, zoo: T, candidates: readonly ZooCandidate[], blockPhase: BlockPhase | null = null): Promise<ZooFiles> {
  await mkdir(directory, { recursive: true })
  const files = { json: join(directory, 'zoo.json'), csv: join(directory, 'zoo.csv'), plot: join(directory, 'pareto.svg'), blockPlot: blockPhase && join(directory, 'phase-block.svg') }
  await replaceFile(files.json, `${JSON.stringify(zoo, null, 2)}\n`)
  await replaceFile(files.csv, zooCsv(zoo.zoo))
  await replaceFile(files.plot, paretoPlot(zoo, candidates))
  if (files.blockPlot !== null && blockPhase !== null) await replaceFile(files.blockPlot, blockPlot(blockPhase))
  return files
}
