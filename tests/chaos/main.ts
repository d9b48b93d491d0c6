import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { chaos } from './chaos.js'
import { possibleStrikes, strikeNames, type StrikeName } from './strikes.js'

const usage = `npm run chaos -- [options]: one seeded search after another in a world that goes wrong, each checked against its rows

  --minutes N        how long (5); the last search is run to its end
  --seed N           of the first search; the next ones count on (1)
  --faults A,B,...   which faults: ${strikeNames.join(', ')} (all)
  --count N          faults in each search (50)
  --every-ms N       mean time between two faults (300)
  --coordinators N   1, or 2 that elect a leader in etcd (1 and 2 in turn); etcd's faults need 2
  --etcd-away-ms N   how long etcd is away when it is (at random, up to 8000)
  --worker-loss P    probability with which each worker is killed in each second, besides the faults (0)
  --workers N        agents of two slots each (4)
  --candidates N     networks that a search trains (eight for each fault)
  --training-ms N    length of a training (150)
  --lease-ms N       a worker silent for so long loses its jobs (1500)
  --keep             keep the files, the logs of the coordinators among them, also of a search that went well
  --folder DIR       where the search's folder lies; a file system of at most 64 MiB is filled by full-disk, elsewhere it limits the coordinator's files
`
const text = { type: 'string' } as const
const number = (value: string | undefined, otherwise: number): number => (value === undefined ? otherwise : Number(value))
const { values } = parseArgs({
  options: {
    minutes: text, seed: text, faults: text, count: text, 'every-ms': text, coordinators: text, 'etcd-away-ms': text, 'worker-loss': text, workers: text, candidates: text,
    'training-ms': text, 'lease-ms': text, folder: text, keep: { type: 'boolean' }, help: { type: 'boolean' },
  },
})
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const faults = (values.faults?.split(',') ?? strikeNames) as StrikeName[]
const unknown = faults.filter((name) => !strikeNames.includes(name))
const count = number(values.count, 50)
const isForTwoOnly = possibleStrikes(faults, 1).length === 0
const end = performance.now() + number(values.minutes, 5) * 60_000

function coordinatorsOf(seed: number): 1 | 2 {
  const otherwise = isForTwoOnly ? 2 : 2 - (seed % 2)
  return number(values.coordinators, otherwise) === 2 ? 2 : 1
}

async function search(seed: number): Promise<boolean> {
  const coordinators = coordinatorsOf(seed)
  const started = performance.now()
  const folder = mkdtempSync(join(tmpdir(), 'nasoa-chaos-'))
  const searchFolder = values.folder === undefined ? folder : mkdtempSync(join(values.folder, 'nasoa-chaos-'))
  say(`seed ${seed}, ${coordinators === 1 ? 'one coordinator' : 'two coordinators and etcd'}, ${folder}`)
  const options = {
    seed,
    folder,
    searchFolder,
    coordinators,
    faults,
    count,
    candidates: number(values.candidates, Math.max(24, count * 8)),
    workers: number(values.workers, 4),
    trainingMs: number(values['training-ms'], 150),
    leaseMs: number(values['lease-ms'], 1500),
    everyMs: number(values['every-ms'], 300),
    etcdAwayMs: values['etcd-away-ms'] === undefined ? undefined : Number(values['etcd-away-ms']),
    workerLoss: number(values['worker-loss'], 0),
    say: (line: string) => say(`  ${(performance.now() / 1000).toFixed(1)} s  ${line}`),
  }
  try {
    const { trained, delivered, lostAttempts, reigns, faults: struck } = await chaos(options)
    const counts = Object.entries(struck).map(([name, times]) => `${times} x ${name}`)
    const seconds = Math.round((performance.now() - started) / 1000)
    const found = `${trained} results, ${delivered} confirmed to workers, none lost, none twice; ${lostAttempts} attempts lost; coordinators served ${reigns} times`
    say(`seed ${seed}: ${seconds} s; ${found}; ${counts.join(', ')}`)
    if (!values.keep) for (const each of [folder, searchFolder]) rmSync(each, { recursive: true, force: true })
    return true
  } catch (error) {
    say(`seed ${seed} failed: ${error instanceof Error ? error.message : String(error)}; its files stay in ${[...new Set([folder, searchFolder])].join(' and ')}`)
    return false
  }
}

if (values.help || unknown.length > 0) {
  say(unknown.length > 0 ? `there is no fault '${unknown[0]}'\n\n${usage}` : usage)
  process.exitCode = unknown.length > 0 ? 2 : 0
} else {
  for (let seed = number(values.seed, 1); ; seed++) {
    if (!(await search(seed))) process.exitCode = 1
    if (process.exitCode === 1 || performance.now() > end) break
  }
}
