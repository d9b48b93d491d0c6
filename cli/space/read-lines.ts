import { createReadStream } from 'node:fs'
import { InvalidInputError, messageOf } from '../../shared/errors.js'

/** Longer lines than any encoding are cut, so that a hostile file costs no memory. */
const keptCharacters = 4096

export interface Line {
  /** Without its end of line; at most 4096 characters. */
  readonly text: string
  /** Length of the whole line. */
  readonly characters: number
}

/** Lines of a stream of text, ended by LF or CRLF. A byte order mark is no part of the first one. */
export async function* splitLines(chunks: AsyncIterable<string> | Iterable<string>): AsyncGenerator<Line> {
  let text = ''
  let characters = 0
  let first = true
  const take = (part: string): void => {
    text += part.slice(0, keptCharacters - text.length)
    characters += part.length
  }
  const flush = (): Line => {
    const returned = characters === text.length && text.endsWith('\r')
    const line = returned ? { text: text.slice(0, -1), characters: characters - 1 } : { text, characters }
    text = ''
    characters = 0
    return line
  }
  for await (const chunk of chunks) {
    let start = first && chunk.startsWith('\ufeff') ? 1 : 0
    first = false
    for (let end = chunk.indexOf('\n', start); end !== -1; end = chunk.indexOf('\n', start)) {
      take(chunk.slice(start, end))
      yield flush()
      start = end + 1
    }
    take(chunk.slice(start))
  }
  if (characters > 0) yield flush()
}

/** Lines of a file, `-` = standard input. @throws InvalidInputError for a file that cannot be read */
export async function* openLines(file: string): AsyncGenerator<Line> {
  const stream = file === '-' ? process.stdin.setEncoding('utf8') : createReadStream(file, 'utf8')
  try {
    yield* splitLines(stream as AsyncIterable<string>)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : messageOf(error)
    throw new InvalidInputError(`cannot read ${file}: ${reason}`, { file })
  }
}
