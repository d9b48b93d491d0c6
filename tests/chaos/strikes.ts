import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Rng } from '../../shared/rng.js'
import type { FaultProxy } from '../support/fault-proxy.js'
import type { Coordinator } from './coordinator.js'
import { fullDisk } from './full-disk.js'
import { freezeEtcd, killEtcd, partLeaderFromEtcd } from './etcd-strikes.js'
import { tearTail } from './torn-tail.js'
import type { World } from './world.js'

/** Makes something go wrong and right again. @returns details, where there are some */
export type Strike = (world: World, rng: Rng) => Promise<string | void>

/** What can go wrong in every world, by name. */
const commonStrikes = {
  'kill-coordinator': (world, rng) => killCoordinator(world, rng),
  'torn-tail': (world, rng) => losePower(world, rng),
  'freeze-coordinator': async (world, rng) => freeze(await world.leader(), world, rng),
  'full-disk': (world, rng) => fillDisk(world, rng),
  'kill-worker': (world, rng) => world.killWorker(rng.integer(world.options.workers)),
  'freeze-worker': (world, rng) => freeze(world.workers[rng.integer(world.options.workers)], world, rng),
  'drain-worker': (world, rng) => world.drainWorker(rng.integer(world.options.workers)),
  'cut': (world) => Promise.resolve(onNetworks(world, (network) => network.cut())),
  'refuse': (world, rng) => disturb(world, rng, (network) => (network.refuse(), network.cut())),
  'hold-requests': (world, rng) => disturb(world, rng, (network) => network.hold('up')),
  'hold-answers': (world, rng) => disturb(world, rng, (network) => network.hold('down')),
  'drop-answers': (world, rng) => disturb(world, rng, (network) => network.drop('down')),
  'drop-all': (world, rng) => disturb(world, rng, (network) => network.drop('up', 'down')),
  'slow-network': (world, rng) => disturb(world, rng, (network) => network.delay(100 + rng.integer(400))),
} as const satisfies Readonly<Record<string, Strike>>

/** What can go wrong besides, where two coordinators elect a leader. */
const electionStrikes = {
  'kill-etcd': killEtcd,
  'freeze-etcd': freezeEtcd,
  'part-from-etcd': partLeaderFromEtcd,
} as const satisfies Readonly<Record<string, Strike>>

export const strikes = { ...commonStrikes, ...electionStrikes }
export type StrikeName = keyof typeof strikes
export const strikeNames = Object.keys(strikes) as StrikeName[]

/** Those that a world with so many coordinators can be struck by. */
export function possibleStrikes(names: readonly StrikeName[], coordinators: 1 | 2): StrikeName[] {
  return names.filter((name) => coordinators === 2 || name in commonStrikes)
}

/** Some time between nothing and twice a lease: so leases run out, or nearly. */
async function while_(world: World, rng: Rng): Promise<string> {
  const ms = Math.round(rng.float() * 2 * world.options.leaseMs)
  await delay(ms)
  return `${ms} ms`
}

async function killCoordinator(world: World, rng: Rng): Promise<void> {
  const leader = await world.leader()
  await leader.kill()
  await delay(rng.integer(500))
  leader.start()
  await world.leader()
}

/** The machine of the coordinators loses its power: all of them are gone at once, and so is what was not synced. */
async function losePower(world: World, rng: Rng): Promise<string> {
  await Promise.all(world.coordinators.map((coordinator) => coordinator.kill()))
  const what = tearTail(join(world.output, 'search.db-wal'), rng)
  await delay(rng.integer(500))
  for (const coordinator of world.coordinators) coordinator.start()
  await world.leader()
  return what
}

async function freeze(victim: { signal(signal: 'SIGSTOP' | 'SIGCONT'): void } | null, world: World, rng: Rng): Promise<string> {
  victim?.signal('SIGSTOP')
  const howLong = await while_(world, rng)
  victim?.signal('SIGCONT')
  return howLong
}

function onNetworks(world: World, how: (network: FaultProxy) => void): void {
  for (const { place } of world.coordinators) how(place.network)
}

async function disturb(world: World, rng: Rng, how: (network: FaultProxy) => void): Promise<string> {
  onNetworks(world, how)
  const howLong = await while_(world, rng)
  onNetworks(world, (network) => network.heal())
  return howLong
}

/**
 * From some byte on that the log has reached, or soon will, the coordinator can write no further. Sometimes it dies then, and is
 * started again: it may refuse to work without room, in one line that says so, until there is some.
 */
async function fillDisk(world: World, rng: Rng): Promise<string> {
  const leader = await world.leader()
  const log = join(world.output, 'search.db-wal')
  const disk = fullDisk(world.output, rng.float() < 0.3 ? 0 : rng.integer((existsSync(log) ? statSync(log).size : 0) + 30_000))
  disk.seizeFrom(leader.pid)
  let howLong = await while_(world, rng)
  const isRestarted = rng.float() < 0.4
  if (isRestarted) {
    await leader.kill()
    leader.start()
    disk.seizeFrom(leader.pid)
    howLong += `, started again, ${await refusalOf(leader, world)}`
  }
  world.requireLife()
  disk.giveBack()
  if (!leader.isAlive) leader.start()
  await world.leader()
  return `${disk.what} for ${howLong}`
}

async function refusalOf(coordinator: Coordinator, world: World): Promise<string> {
  await world.settled(coordinator)
  const refusal = coordinator.acceptDeath()
  if (refusal === null) return 'which it survives'
  if (!/the store in .* cannot be written .*: free its disk, then start again/.test(refusal)) throw new Error(`on a full disk, ${refusal}`)
  return 'which it refuses'
}
