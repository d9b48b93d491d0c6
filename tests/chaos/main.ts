import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Chaos } from './chaos.js'

/** `npm run chaos -- --minutes 30 [--seed N] [--faults N]`: one seeded search after another in a world that goes wrong. */
const { values } = parseArgs({ options: { minutes: { type: 'string', default: '5' }, seed: { type: 'string' }, faults: { type: 'string', default: '50' } } })
const end = performance.now() + Number(values.minutes) * 60_000
const say = (line: string): void => void process.stdout.write(`${line}\n`)

for (let seed = Number(values.seed ?? 1); ; seed++) {
  const folder = mkdtempSync(join(tmpdir(), 'nasoa-chaos-'))
  say(`seed ${seed}, ${folder}`)
  const faults = Number(values.faults)
  const chaos = new Chaos({
    seed,
    folder,
    candidates: faults * 8,
    workers: 4,
    trainingMs: 150,
    leaseMs: 1500,
    faultEveryMs: 300,
    faults,
    say: (line) => say(`  ${(performance.now() / 1000).toFixed(1)} s  ${line}`),
  })
  try {
    const { trained, delivered, lostAttempts, faults: counts } = await chaos.run()
    const struck = Object.entries(counts).map(([name, count]) => `${count} x ${name}`)
    say(`seed ${seed}: ${trained} results, ${delivered} confirmed to workers, none lost, none twice; ${lostAttempts} attempts lost; ${struck.join(', ')}`)
    rmSync(folder, { recursive: true, force: true })
  } catch (error) {
    say(`seed ${seed} failed: ${error instanceof Error ? error.message : String(error)}; its files stay in ${folder}`)
    await chaos.end()
    process.exitCode = 1
    break
  }
  if (performance.now() > end) break
}
