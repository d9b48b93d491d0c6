import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { chaos } from './chaos.js'
import { strikeNames, type StrikeName } from './strikes.js'

const usage = `npm run chaos -- [options]: one seeded search after another in a world that goes wrong, each checked against its rows

  --minutes N        how long (5); the last search is run to its end
  --seed N           of the first search; the next ones count on (1)
  --faults A,B,...   which faults: ${strikeNames.join(', ')} (all)
  --count N          faults in each search (50)
  --every-ms N       mean time between two faults (300)
  --worker-loss P    probability with which each worker is killed in each second, besides the faults (0)
  --workers N        agents of two slots each (4)
  --candidates N     networks that a search trains (eight for each fault)
  --training-ms N    length of a training (150)
  --lease-ms N       a worker silent for so long loses its jobs (1500)
  --folder DIR       where the files lie; on a file system of at most 64 MiB, full-disk fills it, elsewhere it limits the coordinator's files
`
const text = { type: 'string' } as const
const number = (value: string | undefined, otherwise: number): number => (value === undefined ? otherwise : Number(value))
const { values } = parseArgs({
  options: {
    minutes: text, seed: text, faults: text, count: text, 'every-ms': text, 'worker-loss': text, workers: text, candidates: text,
    'training-ms': text, 'lease-ms': text, folder: text, help: { type: 'boolean' },
  },
})
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const faults = (values.faults?.split(',') ?? strikeNames) as StrikeName[]
const unknown = faults.filter((name) => !strikeNames.includes(name))
const count = number(values.count, 50)
const end = performance.now() + number(values.minutes, 5) * 60_000

async function search(seed: number): Promise<boolean> {
  const folder = mkdtempSync(join(values.folder ?? tmpdir(), 'nasoa-chaos-'))
  say(`seed ${seed}, ${folder}`)
  const options = {
    seed,
    folder,
    faults,
    count,
    candidates: number(values.candidates, Math.max(24, count * 8)),
    workers: number(values.workers, 4),
    trainingMs: number(values['training-ms'], 150),
    leaseMs: number(values['lease-ms'], 1500),
    everyMs: number(values['every-ms'], 300),
    workerLoss: number(values['worker-loss'], 0),
    say: (line: string) => say(`  ${(performance.now() / 1000).toFixed(1)} s  ${line}`),
  }
  try {
    const { trained, delivered, lostAttempts, faults: struck } = await chaos(options)
    const counts = Object.entries(struck).map(([name, times]) => `${times} x ${name}`)
    say(`seed ${seed}: ${trained} results, ${delivered} confirmed to workers, none lost, none twice; ${lostAttempts} attempts lost; ${counts.join(', ')}`)
    rmSync(folder, { recursive: true, force: true })
    return true
  } catch (error) {
    say(`seed ${seed} failed: ${error instanceof Error ? error.message : String(error)}; its files stay in ${folder}`)
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
