import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../shared/errors.js'
import { readImageFolder } from '../../worker/data/image-folder.js'
import { temporaryFolder, writeFiles } from './image-files.js'

/** Listing opens no image, so their content does not matter here. */
const images = (...paths: string[]): Record<string, string> => Object.fromEntries(paths.map((path) => [path, 'x']))

describe('an ImageNet-layout folder', () => {
  test('is listed in code-unit order, with every spelling of the endings and nothing else', async () => {
    const folder = writeFiles(temporaryFolder(), {
      ...images('train/b/2.JPEG', 'train/b/10.jpg', 'train/b/1.PNG', 'train/b/a.Jpeg', 'train/Z/é.png', 'train/Z/line\nbreak.jpg', 'val/b/1.jpg', 'val/Z/1.jpg'),
      ...images('train/b/notes.txt', 'train/b/x.jpeg.bak', 'train/b/._1.jpg', 'train/stray.jpg', 'val/README', 'classes.tsv', 'train/.cache/1.jpg', 'train/empty/x.txt'),
    })
    expect((await readImageFolder(folder)).classes).toEqual([
      { name: 'Z', train: ['line\nbreak.jpg', 'é.png'], val: ['1.jpg'] },
      { name: 'b', train: ['1.PNG', '10.jpg', '2.JPEG', 'a.Jpeg'], val: ['1.jpg'] },
    ])
  })

  test('follows links, survives loops, keeps broken links for the count of the unreadable, and ignores what is no file', async () => {
    const folder = writeFiles(temporaryFolder(), images('train/a/1.jpg', 'val/a/1.jpg', 'elsewhere/2.jpg'))
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'train/linked'))
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'val/linked'))
    symlinkSync(join(folder, 'train'), join(folder, 'train/loop'))
    symlinkSync(join(folder, 'train/self'), join(folder, 'train/self'))
    symlinkSync(join(folder, 'gone.jpg'), join(folder, 'train/a/broken.jpg'))
    mkdirSync(join(folder, 'train/a/folder.jpg'))
    execFileSync('mkfifo', [join(folder, 'train/a/pipe.jpg')])
    expect((await readImageFolder(folder)).classes).toEqual([
      { name: 'a', train: ['1.jpg', 'broken.jpg'], val: ['1.jpg'] },
      { name: 'linked', train: ['2.jpg'], val: ['2.jpg'] },
    ])
  })

  test.each([
    ['is absent', [], ['train', 'val'], /ENOENT|no folder 'train'/],
    ['has no val', ['train/a/1.jpg'], [], /has no folder 'val'; expected \{train,val\}/],
    ['has no train', ['a/1.jpg'], [], /has no folder 'train'/],
    ['has no classes', ['train/1.jpg', 'val/1.jpg'], [], /train" holds no class folder with images/],
    ['has a class in train alone', ['train/a/1.jpg', 'train/b/1.jpg', 'val/a/1.jpg'], [], /different classes: "b" has no images in 'val'/],
    ['has a class in val alone', ['train/a/1.jpg', 'val/b/1.jpg', 'val/a/1.jpg', 'val/c/1.jpg'], [], /"b" \(and 1 more\) has no images in 'train'/],
  ])('that %s is refused in one line', async (_, paths, removed, expected) => {
    const folder = writeFiles(temporaryFolder(), images(...paths))
    for (const name of removed) rmSync(join(folder, name), { recursive: true, force: true })
    const error: unknown = await readImageFolder(folder).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(InvalidInputError)
    expect((error as Error).message).toMatch(expected)
    expect((error as Error).message).not.toContain('\n')
  })

  test('that is a file, or does not exist, is refused with its name', async () => {
    const folder = writeFiles(temporaryFolder(), images('file'))
    await expect(readImageFolder(join(folder, 'file'))).rejects.toThrow(/cannot read the folder ".*file": ENOTDIR/)
    await expect(readImageFolder(join(folder, 'absent'))).rejects.toThrow(/cannot read the folder ".*absent": ENOENT/)
  })
})
