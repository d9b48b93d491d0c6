import { printStatus } from '../output.js'

const everyMs = 2000

/** Says every few seconds how many images are done. */
export function progressLine(what: string, now: () => number = () => performance.now()): (images: number, total: number) => void {
  const startMs = now()
  let toldMs = startMs
  return (images, total) => {
    const ms = now()
    if (ms - toldMs < everyMs) return
    toldMs = ms
    const perSecond = (images * 1000) / (ms - startMs)
    printStatus(`${what} ${images} of ${total} images (${Math.floor((images * 100) / total)} %), ${perSecond.toFixed(0)} a second`)
  }
}
