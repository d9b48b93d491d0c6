import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { ensureBuilt } from '../../bin/build.js'
import { InvalidInputError } from '../../shared/errors.js'
import { openDataset } from '../../worker/data/dataset.js'
import { readCollection } from '../../worker/data/read-collection.js'
import { jpeg, temporaryFolder, writeFiles } from './image-files.js'

beforeAll(() => ensureBuilt())

const wnids = ['n01440764', 'n02119789', 'n03100240']
/** Class of the validation images 1, 2, ...: positions in `wnids`. */
const truth = [2, 0, 1, 1]
/** ILSVRC2012_ID of each class, in an order that is not the sorted one, as in the real kit. */
const ids = [3, 1, 2]

const silent = (): void => undefined
const valName = (number: number, ending = '.JPEG'): string => `ILSVRC2012_val_${String(number).padStart(8, '0')}${ending}`

/** Images of the layout, without labels. Listing opens none. */
function imageFolder(place = ''): string {
  const training = wnids.flatMap((wnid) => [1, 2].map((number) => `${place}train/${wnid}/${wnid}_${number}.JPEG`))
  const validation = truth.map((_, index) => `${place}val/${valName(index + 1)}`)
  return writeFiles(temporaryFolder(), Object.fromEntries([...training, ...validation].map((path) => [path, 'x'])))
}

const lines = (...rows: string[]): string => rows.join('\n') + '\n'
const kaggle = lines('ImageId,PredictionString', ...truth.map((label, index) => `${valName(index + 1, '')},${wnids[label]} 85 1 499 272 `))
const groundTruth = lines(...truth.map((label) => String(ids[label])))
const mapClsloc = lines(...wnids.map((wnid, label) => `${wnid} ${ids[label]} some_name`))
const wnidOfId = [1, 2, 3].map((id) => wnids[ids.indexOf(id)])

const labelling: Readonly<Record<string, Record<string, string>>> = {
  "Kaggle's table": { 'LOC_val_solution.csv': kaggle },
  "TensorFlow's list": { 'imagenet_2012_validation_synset_labels.txt': lines(...truth.map((label) => wnids[label])) },
  "Caffe's list": { 'val.txt': lines(...truth.map((label, index) => `${valName(index + 1)} ${label}`)), 'synset_words.txt': lines(...wnids.map((wnid) => `${wnid} a word, another`)) },
  "the kit's numbers and its map": { 'ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt': groundTruth, 'ILSVRC2012_devkit_t12/data/map_clsloc.txt': mapClsloc },
  "the kit's numbers and a list in their order": { 'ILSVRC2012_validation_ground_truth.txt': groundTruth, 'synsets.txt': lines(...wnidOfId) },
}

const expected = wnids.map((name, label) => ({
  name,
  val: truth.flatMap((other, index) => (other === label ? [`val/${valName(index + 1)}`] : [])),
}))

describe("ILSVRC's own layout", () => {
  test.each(Object.entries(labelling))('with %s', async (_, files) => {
    const { layout, classes, skipped } = await readCollection(writeFiles(imageFolder(), files), silent)
    expect(layout).toBe('ilsvrc')
    expect(classes.map(({ name, val }) => ({ name, val: val.map(({ path }) => path) }))).toEqual(expected)
    expect(classes[0].train.map(({ path }) => path)).toEqual(['train/n01440764/n01440764_1.JPEG', 'train/n01440764/n01440764_2.JPEG'])
    expect(skipped).toEqual([])
  })

  test("in the Kaggle edition's tree, named by its top or by the folder of the images", async () => {
    const folder = writeFiles(imageFolder('ILSVRC/Data/CLS-LOC/'), { 'LOC_val_solution.csv': kaggle, 'ILSVRC/ImageSets/CLS-LOC/val.txt': lines('ILSVRC2012_val_00000001 1') })
    for (const directory of [folder, join(folder, 'ILSVRC/Data/CLS-LOC')]) {
      const { classes } = await readCollection(directory, silent)
      expect(classes.map(({ val }) => val.length)).toEqual([1, 2, 1])
    }
  })

  test('leaves out validation images of classes that are not there, and counts those without a label', async () => {
    const folder = writeFiles(imageFolder(), { 'LOC_val_solution.csv': kaggle, [`val/${valName(99)}`]: 'x' })
    rmSync(join(folder, 'train/n02119789'), { recursive: true })
    const { classes, skipped } = await readCollection(folder, silent)
    expect(classes.map(({ name, val }) => [name, val.length])).toEqual([['n01440764', 1], ['n03100240', 1]])
    expect(skipped).toEqual([{ path: `val/${valName(99)}`, reason: 'the label files say nothing of it' }])
  })

  test('trains', async () => {
    const folder = writeFiles(imageFolder(), labelling["the kit's numbers and its map"])
    const paths = (await readCollection(folder, silent)).classes.flatMap(({ train, val }) => [...train, ...val].map(({ path }) => path))
    for (const [index, path] of paths.entries()) writeFiles(folder, { [path]: await jpeg(16, 16, index) })
    const recipe = { resolution: 16, batch: 3, augmentation: 'none', seed: 1 } as const
    const dataset = await openDataset({ directory: folder, subset: { seed: 0 }, recipe, unreadableLimit: 0, log: silent })
    const labels: number[] = []
    for await (const batch of dataset.validationBatches()) labels.push(...batch.labels)
    expect(labels).toEqual([0, 1, 1, 2])
  })

  const map = 'map_clsloc.txt'
  const truthFile = 'ILSVRC2012_validation_ground_truth.txt'
  test.each<[string, Record<string, string>, RegExp]>([
    ['no labels', {}, /no file says what they show: put one of these beside train and val: LOC_val_solution\.csv/],
    ['numbers without a map', { [truthFile]: groundTruth }, /numbers the classes, and no file says which they are: add map_clsloc\.txt/],
    ["Caffe's numbers without a list", { 'val.txt': lines(`${valName(1)} 2`) }, /no file says which they are: add synsets\.txt/],
    ['a number that is no class', { [truthFile]: lines('1', '2', '7', '1'), [map]: mapClsloc }, /ground_truth\.txt", line 3: expected a class id from 1 to 3, got "7"/],
    ['a map that is none', { [truthFile]: groundTruth, [map]: 'kit fox\n' }, /map_clsloc\.txt", line 1: expected WNID ID NAME, got "kit fox"/],
    ['a table that is none', { 'LOC_val_solution.csv': lines('ImageId,PredictionString', 'x,y') }, /LOC_val_solution\.csv", line 2: expected IMAGE,WNID/],
    [
      'the sorted list of all classes for the numbers of the kit',
      { [truthFile]: groundTruth, 'synsets.txt': lines(...Array.from({ length: 1000 }, (_, index) => `n${String(1440764 + index).padStart(8, '0')}`)) },
      /lists the classes by wnid, but .* counts them in the development kit's own order: add map_clsloc\.txt/,
    ],
  ])('says what is missing: %s', async (_, files, message) => {
    const error: unknown = await readCollection(writeFiles(imageFolder(), files), silent).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(InvalidInputError)
    expect((error as Error).message).toMatch(message)
    expect((error as Error).message).not.toContain('\n')
  })

  test('says what to do with training images that are still packed', async () => {
    const folder = writeFiles(imageFolder(), { 'LOC_val_solution.csv': kaggle })
    rmSync(join(folder, 'train'), { recursive: true })
    writeFiles(folder, { 'train/n01440764.zip': 'x' })
    await expect(readCollection(folder, silent)).rejects.toThrow(/holds no folders of images: unpack each class's archive/)
    renameSync(join(folder, 'train'), join(folder, 'elsewhere'))
    await expect(readCollection(folder, silent)).rejects.toThrow(/cannot read the folder .*train/)
  })
})
