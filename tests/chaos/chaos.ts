import { setTimeout as delay } from 'node:timers/promises'
import { createRng, type Rng } from '../../shared/rng.js'
import { possibleStrikes, strikes, type StrikeName } from './strikes.js'
import { judge } from './verdict.js'
import { World, type WorldOptions } from './world.js'

export interface ChaosOptions extends WorldOptions {
  readonly faults: readonly StrikeName[]
  /** Faults after which the network and the processes are left in peace. */
  readonly count: number
  /** Mean time between two faults. */
  readonly everyMs: number
  /** Probability with which each worker is killed in each second, besides the faults. */
  readonly workerLoss: number
  readonly say: (line: string) => void
}

/** What came of it. Everything that must hold has been checked. */
export interface ChaosReport {
  readonly faults: Readonly<Record<string, number>>
  readonly trained: number
  readonly delivered: number
  readonly lostAttempts: number
  /** Times that a coordinator began to serve. */
  readonly reigns: number
}

/** A search in a world that goes wrong as the seed says. @throws Error saying what did not hold */
export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const world = new World(options)
  try {
    await world.start()
    const stopLosing = loseWorkers(world, options)
    const faults = await strikeOften(world, options)
    const killed = await stopLosing()
    options.say('peace')
    const last = await world.finish()
    for (const death of world.workerDeaths) options.say(death)
    const { output, delivered, reigns } = world
    const { lostAttempts } = judge({ output, candidates: options.candidates, delivered, reigns, last })
    const struck = killed === 0 ? faults : { ...faults, 'lost worker': killed }
    return { faults: struck, trained: last.trained, delivered: delivered.size, lostAttempts, reigns: reigns.length }
  } catch (error) {
    await world.abandon()
    throw error
  }
}

async function strikeOften(world: World, { seed, faults, coordinators, count, everyMs, say }: ChaosOptions): Promise<Record<string, number>> {
  const rng = createRng(seed)
  const possible = possibleStrikes(faults, coordinators)
  const struck: Record<string, number> = {}
  for (let done = 0; done < count && !world.isOver(); done++) {
    await delay(exponential(everyMs, rng))
    const name = rng.pick(possible)
    struck[name] = (struck[name] ?? 0) + 1
    const details = await strikes[name](world, rng)
    say(details ? `${name}: ${details}` : name)
  }
  return struck
}

/** Kills workers at the rate that the options say. @returns what ends it, with how many were killed */
function loseWorkers(world: World, { seed, workers, workerLoss, say }: ChaosOptions): () => Promise<number> {
  const rng = createRng(seed + 1)
  let [killed, isOver] = [0, workerLoss === 0]
  const losing = (async (): Promise<void> => {
    while (!isOver) {
      await delay(exponential(1000 / (workers * workerLoss), rng))
      if (isOver || world.isOver()) return
      await world.killWorker(rng.integer(workers))
      say(`worker lost (${++killed})`)
    }
  })()
  return async () => {
    isOver = true
    await losing
    return killed
  }
}

function exponential(mean: number, rng: Rng): number {
  return -Math.log(1 - rng.float()) * mean
}
