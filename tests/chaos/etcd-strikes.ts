import { setTimeout as delay } from 'node:timers/promises'
import type { Rng } from '../../shared/rng.js'
import type { Coordinator } from './coordinator.js'
import { leaderTtlMs, type World } from './world.js'

/** etcd dies, and is started again with the data that it has. */
export function killEtcd(world: World, rng: Rng): Promise<string> {
  return withoutEtcd(world, rng, () => world.etcd.kill(), () => world.etcd.restart())
}

/** etcd's connections stay open, and nothing answers. */
export function freezeEtcd(world: World, rng: Rng): Promise<string> {
  return withoutEtcd(world, rng, () => world.etcd.freeze(), () => world.etcd.thaw())
}

/** The leader alone cannot reach etcd: once its lease has run out the other one leads, and what it still does must not count. */
export async function partLeaderFromEtcd(world: World, rng: Rng): Promise<string> {
  await world.untilOrder()
  const { place, reign } = await world.leader()
  const isSilent = rng.float() < 0.5
  if (isSilent) place.etcdNetwork?.drop('up', 'down')
  else {
    place.etcdNetwork?.refuse()
    place.etcdNetwork?.cut()
  }
  const ms = Math.round(rng.float() * 4 * leaderTtlMs)
  await delay(ms)
  place.etcdNetwork?.heal()
  await world.untilOrder()
  const next = await world.leader()
  return `${ms} ms, ${isSilent ? 'no answers' : 'no connection'}; ${next.reign?.epoch === reign?.epoch ? 'it leads still' : 'another leads'}`
}

/**
 * Running jobs and connected workers carry on, nobody takes over, and the leader says what is the matter; afterwards the election
 * and the register are as they were.
 */
async function withoutEtcd(world: World, rng: Rng, take: () => Promise<void> | void, giveBack: () => Promise<void> | void): Promise<string> {
  await world.untilOrder()
  await world.untilDelivery()
  const leader = await world.leader()
  const ms = world.options.etcdAwayMs ?? Math.round(rng.float() * 4 * leaderTtlMs)
  const [reigns, delivered] = [world.reigns.length, world.delivered.size]
  await take()
  await delay(ms)
  const results = world.delivered.size - delivered
  if (world.reigns.length > reigns) throw new Error('a coordinator took over while etcd was away')
  // An interval of grace: it renews its lease three times in its time to live.
  const isLong = ms > 2 * leaderTtlMs
  if (isLong && !saysThatItIsAway(leader)) throw new Error('the leader does not say that etcd is away')
  if (isLong && results === 0 && !world.isOver()) throw new Error('no result was delivered while etcd was away')
  await giveBack()
  await world.untilOrder()
  const next = await world.leader()
  return `${ms} ms, ${results} results meanwhile; ${next === leader ? 'it leads still' : 'another leads'}`
}

/** By the last that it has said of its leadership. */
function saysThatItIsAway({ log }: Coordinator): boolean {
  const last = log.findLast((line) => /"msg":"(leading|the leadership is certain again|etcd does not confirm the leadership.*)"/.test(line))
  return last?.includes('does not confirm') ?? false
}
