import { type Etcd3 } from 'etcd3'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { systemClock, type Clock } from '../../shared/clock.js'
import { connectEtcd } from '../../shared/discovery/etcd-client.js'
import { EtcdElection } from '../../shared/discovery/etcd-election.js'
import type { CampaignReport, Leadership } from '../../shared/discovery/election.js'
import type { Standing } from '../../shared/discovery/tenure.js'
import { CancelledError } from '../../shared/errors.js'
import { EtcdServer } from '../support/etcd.js'
import { Eventually } from '../support/eventually.js'

let etcd: EtcdServer
let key: string
let tests = 0
let cleanUp: (() => Promise<void> | void)[] = []

beforeAll(async () => {
  etcd = await EtcdServer.start()
})
afterAll(() => etcd.stop())
afterEach(async () => {
  for (const task of cleanUp.reverse()) await task()
  cleanUp = []
})

const ttlMs = 2_000

/** A candidate, as a process of its own would be. */
class Candidate {
  readonly client: Etcd3 = connectEtcd({ hosts: [etcd.url] })
  readonly election: EtcdElection
  readonly waiting = new Eventually<Parameters<CampaignReport>[0]>()
  readonly standings = new Eventually<Standing>()

  constructor(
    readonly name: string,
    clock: Clock = systemClock,
  ) {
    this.election = new EtcdElection({ client: this.client, key, ttlMs, clock })
    cleanUp.push(() => this.client.close())
  }

  async campaign(signal: AbortSignal = new AbortController().signal): Promise<Leadership> {
    const leadership = await this.election.campaign(this.name, (waiting) => this.waiting.push(waiting), signal)
    leadership.onChange((standing) => this.standings.push(standing))
    cleanUp.push(() => leadership.resign())
    return leadership
  }

  /** What kill -9 leaves: nobody renews any more. */
  die(): void {
    this.client.close()
  }
}

function candidate(name: string, clock?: Clock): Candidate {
  return new Candidate(name, clock)
}

function newElection(): void {
  key = `test/${tests++}/leader`
}

describe('an election', () => {
  it('has one leader, and the next with a higher epoch as soon as the first resigns', async () => {
    newElection()
    const [a, b] = [candidate('a'), candidate('b')]
    const first = await a.campaign()
    expect(first.standing()).toBe('held')
    expect(await b.election.leader()).toEqual({ candidate: 'a', epoch: first.epoch })
    const second = b.campaign()
    await b.waiting.until(({ leader }) => leader?.candidate === 'a')
    await first.resign()
    expect(first.standing()).toBe('lost')
    const next = await second
    expect(next.epoch).toBeGreaterThan(first.epoch)
    expect(await a.election.leader()).toEqual({ candidate: 'b', epoch: next.epoch })
  })

  it('of many candidates at once is won by one after the other, epochs growing', async () => {
    newElection()
    const candidates = ['a', 'b', 'c', 'd'].map((name) => candidate(name))
    const epochs: number[] = []
    let leading = 0
    await Promise.all(
      candidates.map(async (each) => {
        const leadership = await each.campaign()
        expect(++leading).toBe(1)
        epochs.push(leadership.epoch)
        expect((await each.election.leader())?.candidate).toBe(each.name)
        leading--
        await leadership.resign()
      }),
    )
    expect(epochs).toHaveLength(4)
    expect(epochs).toEqual([...new Set(epochs)].sort((x, y) => x - y))
  })

  it('passes to the standby when the leader dies, whose own clock knew before', async () => {
    newElection()
    const [a, b] = [candidate('a'), candidate('b')]
    const first = await a.campaign()
    const second = b.campaign()
    await b.waiting.until(({ leader }) => leader?.candidate === 'a')
    a.die()
    await a.standings.until((standing) => standing === 'uncertain')
    expect(first.reason()).not.toBeNull()
    // Had etcd expired the lease earlier, the first would still have believed in it then.
    const next = await second
    expect(first.standing()).not.toBe('held')
    expect(next.epoch).toBeGreaterThan(first.epoch)
  })

  it('tells a leader whose key was removed', async () => {
    newElection()
    const a = candidate('a')
    const first = await a.campaign()
    await a.client.delete().key(key).exec()
    await a.standings.until((standing) => standing === 'lost')
    expect(first.reason()).toMatch(/was removed/)
    expect((await a.campaign()).epoch).toBeGreaterThan(first.epoch)
  })

  it('tells a leader whose lease was revoked', async () => {
    newElection()
    const [a, b] = [candidate('a'), candidate('b')]
    const first = await a.campaign()
    const { kvs } = await a.client.get(key).exec()
    await a.client.leaseClient.leaseRevoke({ ID: kvs[0].lease })
    await b.campaign()
    await a.standings.until((standing) => standing === 'lost')
    expect(first.reason()).toMatch(/lease/)
  })

  it('can be given up before it is won, leaving nothing behind', async () => {
    newElection()
    const [a, b] = [candidate('a'), candidate('b')]
    const first = await a.campaign()
    const giveUp = new AbortController()
    const second = b.campaign(giveUp.signal)
    await b.waiting.until(({ leader }) => leader !== null)
    giveUp.abort()
    await expect(second).rejects.toThrow(CancelledError)
    await first.resign()
    expect(await a.election.leader()).toBeNull()
  })
})

describe('with etcd away', () => {
  it('a leader is uncertain at once when its time has run out, and holds the same epoch again when etcd is back', async () => {
    newElection()
    const a = candidate('a')
    const leadership = await a.campaign()
    await etcd.kill()
    await a.standings.until((standing) => standing === 'uncertain')
    expect(leadership.reason()).toMatch(/etcd cannot/)
    // etcd gives every lease its whole time again when it starts, so nobody else can have led meanwhile.
    await etcd.restart()
    await a.standings.until((standing) => standing === 'held')
    expect(await a.election.leader()).toEqual({ candidate: 'a', epoch: leadership.epoch })
  })

  it('a leader of a frozen etcd is uncertain by its own clock', async () => {
    newElection()
    const a = candidate('a')
    const leadership = await a.campaign()
    etcd.freeze()
    await a.standings.until((standing) => standing === 'uncertain')
    expect(leadership.standing()).toBe('uncertain')
    etcd.thaw()
    await a.standings.until((standing) => standing !== 'uncertain')
  })

  it('a candidate says so, waits, and wins when etcd is back', async () => {
    newElection()
    await etcd.kill()
    const a = candidate('a')
    const campaign = a.campaign()
    await a.waiting.until(({ trouble }) => /etcd cannot/.test(trouble ?? ''))
    await etcd.restart()
    expect((await campaign).standing()).toBe('held')
  })
})

describe('a leader that was stopped', () => {
  it('knows when it wakes that its time has run out, before any answer', async () => {
    newElection()
    let sleptMs = 0
    const clock: Clock = { now: () => systemClock.now() + sleptMs, after: (delayMs, task) => systemClock.after(delayMs, task) }
    const leadership = await candidate('a', clock).campaign()
    expect(leadership.standing()).toBe('held')
    sleptMs = ttlMs
    expect(leadership.standing()).toBe('uncertain')
  })
})
