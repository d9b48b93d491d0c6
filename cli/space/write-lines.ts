/** True once written; false when the reader has gone (`| head`). */
function write(text: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (error === null || error === undefined) resolve(true)
      else if ((error as NodeJS.ErrnoException).code === 'EPIPE') resolve(false)
      else reject(error)
    })
  })
}

const ignore = (): void => undefined

/** Writes a line for each item, at the reader's pace; stops quietly when the reader has gone. */
export async function writeLines<T>(items: Iterable<T> | AsyncIterable<T>, format: (item: T) => string = String): Promise<void> {
  // The callback of the write tells of an error; without a listener the stream's event for it would end the process.
  process.stdout.on('error', ignore)
  for await (const item of items) if (!(await write(`${format(item)}\n`))) return
}
