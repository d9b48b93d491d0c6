import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Rng } from '../../shared/rng.js'
import type { FaultProxy } from '../support/fault-proxy.js'
import type { TestProcess } from '../support/processes.js'
import { fillDisk, limitFiles, mayFill } from './full-disk.js'
import { tearTail } from './torn-tail.js'
import type { World } from './world.js'

/** Makes something go wrong and right again. @returns details, where there are some */
export type Strike = (world: World, rng: Rng) => Promise<string | void>

/** Everything that can go wrong, by name. */
export const strikes = {
  'kill-coordinator': (world, rng) => restartCoordinator(world, rng),
  'torn-tail': (world, rng) => restartCoordinator(world, rng, (log) => tearTail(log, rng)),
  'freeze-coordinator': (world, rng) => freeze(world.coordinator, world, rng),
  'full-disk': (world, rng) => (mayFill(world.output) ? fill(world, rng) : limit(world, rng)),
  'kill-worker': (world, rng) => world.killWorker(rng.integer(world.options.workers)),
  'freeze-worker': (world, rng) => freeze(world.workers[rng.integer(world.options.workers)], world, rng),
  'drain-worker': (world, rng) => world.drainWorker(rng.integer(world.options.workers)),
  'cut': (world) => Promise.resolve(world.proxy.cut()),
  'refuse': (world, rng) => disturb(world, rng, (proxy) => (proxy.refuse(), proxy.cut())),
  'hold-requests': (world, rng) => disturb(world, rng, (proxy) => proxy.hold('up')),
  'hold-answers': (world, rng) => disturb(world, rng, (proxy) => proxy.hold('down')),
  'drop-answers': (world, rng) => disturb(world, rng, (proxy) => proxy.drop('down')),
  'drop-all': (world, rng) => disturb(world, rng, (proxy) => proxy.drop('up', 'down')),
  'slow-network': (world, rng) => disturb(world, rng, (proxy) => proxy.delay(100 + rng.integer(400))),
} as const satisfies Readonly<Record<string, Strike>>

export type StrikeName = keyof typeof strikes
export const strikeNames = Object.keys(strikes) as StrikeName[]

/** Some time between nothing and twice a lease: so leases run out, or nearly. */
function while_(world: World, rng: Rng): Promise<void> {
  return delay(rng.float() * 2 * world.options.leaseMs)
}

async function restartCoordinator(world: World, rng: Rng, meanwhile: (log: string) => string = () => ''): Promise<string> {
  await world.killCoordinator()
  const what = meanwhile(join(world.output, 'search.db-wal'))
  await delay(rng.integer(500))
  await world.startCoordinator()
  return what
}

async function freeze(victim: TestProcess | null, world: World, rng: Rng): Promise<void> {
  victim?.signal('SIGSTOP')
  await while_(world, rng)
  victim?.signal('SIGCONT')
}

async function disturb(world: World, rng: Rng, how: (proxy: FaultProxy) => void): Promise<void> {
  how(world.proxy)
  await while_(world, rng)
  world.proxy.heal()
}

/** From some byte on that the log has reached, or soon will, the coordinator can write no further. */
async function limit(world: World, rng: Rng): Promise<string> {
  const log = join(world.output, 'search.db-wal')
  const bytes = rng.float() < 0.3 ? 0 : rng.integer((existsSync(log) ? statSync(log).size : 0) + 30_000)
  limitFiles(world.coordinator.pid, bytes)
  await while_(world, rng)
  world.requireLife()
  limitFiles(world.coordinator.pid, 'unlimited')
  return `files of at most ${bytes} bytes`
}

async function fill(world: World, rng: Rng): Promise<string> {
  const free = fillDisk(world.output)
  await while_(world, rng)
  free()
  return 'no byte left on the file system'
}
