/** Longest delay of a timer, milliseconds. */
const longMs = 2 ** 31 - 1

/** Keeps the process alive while it waits: the clock's timers do not, and a connection that is down has no socket that would. */
export async function holdProcess<T>(waiting: Promise<T>): Promise<T> {
  const hold = setInterval(() => undefined, longMs)
  try {
    return await waiting
  } finally {
    clearInterval(hold)
  }
}
