import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { zooCsv } from './csv.js'
import { paretoPlot } from './pareto-plot.js'
import type { Zoo, ZooCandidate } from './zoo.js'

/** Paths of what was written. */
export interface ZooFiles {
  readonly json: string
  readonly csv: string
  readonly plot: string
}

/** Readers never see half a file: it is written beside its place, then moved there. */
async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  await writeFile(temporary, content)
  await rename(temporary, path)
}

/** Writes zoo.json, zoo.csv and pareto.svg into the directory, which is made where it does not exist. */
export async function writeZoo<T extends Zoo>(directory: string, zoo: T, candidates: readonly ZooCandidate[]): Promise<ZooFiles> {
  await mkdir(directory, { recursive: true })
  const files = { json: join(directory, 'zoo.json'), csv: join(directory, 'zoo.csv'), plot: join(directory, 'pareto.svg') }
  await replaceFile(files.json, `${JSON.stringify(zoo, null, 2)}\n`)
  await replaceFile(files.csv, zooCsv(zoo.zoo))
  await replaceFile(files.plot, paretoPlot(zoo, candidates))
  return files
}
