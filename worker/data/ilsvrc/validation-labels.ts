import { readFile, readdir } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { InvalidInputError } from '../../../shared/errors.js'

/** Class (a wnid such as n01440764) of a validation image by its file name; undefined where the labels say nothing of it. */
export type LabelOf = (fileName: string) => string | undefined

const wnid = /^n\d{8}$/
const truthName = 'ILSVRC2012_validation_ground_truth.txt'

/**
 * What people have of ImageNet's validation labels, as text, best first: the Kaggle edition's table, TensorFlow's list of
 * wnids, Caffe's list, and the development kit's numbers with a list that says which class a number is.
 */
const sources = ['LOC_val_solution.csv', 'imagenet_2012_validation_synset_labels.txt', 'val.txt', truthName] as const
/** Which class a number of the development kit (ILSVRC2012_ID, from 1) or a line (from 0) is. */
const maps = ['map_clsloc.txt', 'LOC_synset_mapping.txt', 'synset_words.txt', 'synsets.txt'] as const

const howTo =
  `put one of these beside train and val: LOC_val_solution.csv (Kaggle's edition), imagenet_2012_validation_synset_labels.txt, ` +
  `val.txt with synsets.txt (Caffe's), or the development kit's ${truthName} with map_clsloc.txt`

async function foldersBelow(folder: string, depth: number): Promise<string[]> {
  if (depth === 0) return [folder]
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const kits = entries.filter((entry) => entry.isDirectory() && /^(data|meta|ilsvrc.*devkit.*|devkit.*|imagesets|cls-loc)$/i.test(entry.name))
  return [folder, ...(await Promise.all(kits.map(({ name }) => foldersBelow(join(folder, name), depth - 1)))).flat()]
}

/** Kaggle's edition keeps the labels three folders above the images: ILSVRC/Data/CLS-LOC/{train,val}. */
function foldersAbove(directory: string): string[] {
  const path = resolve(directory)
  if (basename(path) !== 'CLS-LOC') return []
  return [dirname(path), dirname(dirname(path)), dirname(dirname(dirname(path)))]
}

/** Label files near a data folder: name -> path; a nearer one hides a farther one. */
async function findFiles(directory: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const folder of [...(await foldersBelow(directory, 2)), ...foldersAbove(directory)]) {
    const names = await readdir(folder).catch(() => [])
    for (const name of names) if (!found.has(name)) found.set(name, join(folder, name))
  }
  return found
}

async function linesOf(path: string): Promise<string[]> {
  const lines = (await readFile(path, 'utf8')).split(/\r?\n/).map((line) => line.trim())
  return lines.filter((line, index) => line !== '' || index < lines.length - 1)
}

/** Number of a validation image: ILSVRC2012_val_00000001.JPEG is 1. */
function numberOf(fileName: string): number {
  return Number(/_val_0*(\d+)\.[^.]+$/i.exec(fileName)?.[1] ?? NaN)
}

const withoutEnding = (name: string): string => name.replace(/\.[^.]+$/, '')

function wrong(path: string, line: number, text: string, expected: string): InvalidInputError {
  return new InvalidInputError(`${JSON.stringify(path)}, line ${line}: expected ${expected}, got ${JSON.stringify(text.slice(0, 80))}`, { path, line })
}

/** `ImageId,PredictionString` and lines such as `ILSVRC2012_val_00048981,n03995372 85 1 499 272`. */
async function kaggleLabels(path: string): Promise<LabelOf> {
  const labels = new Map<string, string>()
  for (const [index, line] of (await linesOf(path)).entries()) {
    const [image, prediction = ''] = line.split(',')
    const label = prediction.trim().split(/\s+/)[0]
    if (index === 0 && !wnid.test(label)) continue
    if (!wnid.test(label)) throw wrong(path, index + 1, line, 'IMAGE,WNID ...')
    labels.set(withoutEnding(image), label)
  }
  return (fileName) => labels.get(withoutEnding(fileName))
}

/** The n-th line is the wnid of the n-th validation image. */
async function wnidLabels(path: string): Promise<LabelOf> {
  const lines = await linesOf(path)
  const bad = lines.findIndex((line) => !wnid.test(line))
  if (bad >= 0) throw wrong(path, bad + 1, lines[bad], 'a wnid')
  return (fileName) => lines[numberOf(fileName) - 1]
}

/** Lines such as `ILSVRC2012_val_00000001.JPEG 65`: the position among the classes, from 0, or the wnid. Null for a list without labels. */
async function caffeLabels(path: string, files: ReadonlyMap<string, string>): Promise<LabelOf | null> {
  const lines = await linesOf(path)
  // Kaggle's ImageSets/CLS-LOC/val.txt looks alike, but its second column numbers the images.
  if (!/\.jpe?g\s+\S+$/i.test(lines[0] ?? '')) return null
  const sorted = await sortedWnids(files)
  const labels = new Map<string, string>()
  for (const [index, line] of lines.entries()) {
    const [image, label = ''] = line.split(/\s+/)
    const name = wnid.test(label) ? label : sorted?.[Number(label)]
    if (name === undefined && sorted === null) throw missingMap(path, 'synsets.txt, synset_words.txt or LOC_synset_mapping.txt')
    if (name === undefined) throw wrong(path, index + 1, line, `IMAGE and a label from 0 to ${(sorted?.length ?? 0) - 1}`)
    labels.set(basename(image), name)
  }
  return (fileName) => labels.get(fileName)
}

function missingMap(path: string, names: string): InvalidInputError {
  return new InvalidInputError(`${JSON.stringify(path)} numbers the classes, and no file says which they are: add ${names}`, { path })
}

async function wnidsIn(path: string): Promise<string[]> {
  const lines = await linesOf(path)
  return lines.map((line, index) => {
    const name = line.split(/\s+/)[0]
    if (!wnid.test(name)) throw wrong(path, index + 1, line, 'a line that begins with a wnid')
    return name
  })
}

async function sortedWnids(files: ReadonlyMap<string, string>): Promise<string[] | null> {
  const path = maps.slice(1).map((name) => files.get(name)).find((found) => found !== undefined)
  return path === undefined ? null : (await wnidsIn(path)).sort()
}

/** ILSVRC2012_ID -> wnid, from `n02119789 1 kit_fox` lines, or from a list of wnids in the order of the ids. */
async function idMap(truth: string, files: ReadonlyMap<string, string>): Promise<ReadonlyMap<number, string>> {
  const numbered = files.get('map_clsloc.txt')
  if (numbered !== undefined) {
    const lines = await linesOf(numbered)
    return new Map(lines.map((line, index) => {
      const [name, id] = line.split(/\s+/)
      if (!wnid.test(name) || !/^\d+$/.test(id ?? '')) throw wrong(numbered, index + 1, line, 'WNID ID NAME')
      return [Number(id), name]
    }))
  }
  const path = maps.slice(1).map((name) => files.get(name)).find((found) => found !== undefined)
  if (path === undefined) throw missingMap(truth, 'map_clsloc.txt (of the development kits since 2014), or a synsets.txt in the order of the ids (meta.mat is not read)')
  const names = await wnidsIn(path)
  // The well-known lists of all 1,000 classes are sorted by wnid; the kit's numbers are not (1 is n02119789), and taking one for the other would mislabel every image.
  if (names.length === 1000 && names[0] === 'n01440764') {
    throw new InvalidInputError(`${JSON.stringify(path)} lists the classes by wnid, but ${truthName} counts them in the development kit's own order: add map_clsloc.txt, or LOC_val_solution.csv`, { path })
  }
  return new Map(names.map((name, index) => [index + 1, name]))
}

/** The n-th line is the ILSVRC2012_ID of the n-th validation image's class. */
async function groundTruth(path: string, files: ReadonlyMap<string, string>): Promise<LabelOf> {
  const ids = await idMap(path, files)
  const lines = await linesOf(path)
  return (fileName) => {
    const number = numberOf(fileName)
    const line = lines[number - 1]
    if (line === undefined) return undefined
    const name = ids.get(Number(line))
    if (name === undefined) throw wrong(path, number, line, `a class id from 1 to ${ids.size}`)
    return name
  }
}

/**
 * The labels of ImageNet's flat validation folder.
 * @throws InvalidInputError that says which file is missing or wrong
 */
export async function validationLabels(directory: string): Promise<LabelOf> {
  const files = await findFiles(directory)
  for (const source of sources) {
    const path = files.get(source)
    if (path === undefined) continue
    if (source === 'LOC_val_solution.csv') return kaggleLabels(path)
    if (source === truthName) return groundTruth(path, files)
    const labels = source === 'val.txt' ? await caffeLabels(path, files) : await wnidLabels(path)
    if (labels !== null) return labels
  }
  throw new InvalidInputError(`the validation images of ${JSON.stringify(directory)} lie flat in one folder, and no file says what they show: ${howTo}`, { directory })
}
