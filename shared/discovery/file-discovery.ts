import { watch, type FSWatcher } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Address } from '../address.js'
import type { Clock } from '../clock.js'
import { parseYaml } from '../config/yaml-file.js'
import { messageOf } from '../errors.js'
import { wait } from '../rpc/retry.js'
import { addressFileSchema } from './address-list.js'
import type { Discovery } from './discovery.js'
import { DiscoveryUnavailableError } from './errors.js'
import { PolledDiscovery, type AddressSource } from './polled-discovery.js'

export interface FileDiscoveryOptions {
  readonly path: string
  /** Network file systems and mounted volumes tell of no changes made elsewhere, so the file is also read at intervals. */
  readonly intervalMs: number
  readonly clock: Clock
}

/**
 * A text cut short by a writer who is not done can be valid (`host:70` of `host:7070`), so a new content counts once it has
 * not changed for this long.
 */
export const settleMs = 100

/** Watches a YAML or JSON file `{coordinators: [host:port, ...]}`, replaced by rename, written in place, or deleted. */
export function fileDiscovery({ path, intervalMs, clock }: FileDiscoveryOptions): Discovery {
  return new PolledDiscovery(new AddressFile(path, intervalMs, clock), clock)
}

class AddressFile implements AddressSource {
  private settled: string | null = null

  constructor(
    private readonly path: string,
    readonly intervalMs: number,
    private readonly clock: Clock,
  ) {}

  get name(): string {
    return `the file ${this.path}`
  }

  async read(signal: AbortSignal): Promise<readonly Address[]> {
    let text = await this.text()
    while (text !== this.settled && !signal.aborted) {
      await wait(settleMs, this.clock, signal)
      const again = await this.text()
      if (again === text) this.settled = again
      text = again
    }
    return parseYaml(text, this.path, addressFileSchema).coordinators
  }

  /** The folder is watched, not the file: a rename puts another file in its place. */
  subscribe(changed: () => void): () => void {
    const watcher = openWatcher(dirname(this.path), changed)
    return () => watcher?.close()
  }

  private async text(): Promise<string> {
    try {
      return await readFile(this.path, 'utf8')
    } catch (error) {
      throw new DiscoveryUnavailableError(`cannot read ${this.path} (${messageOf(error)}): write {"coordinators": ["host:port"]} there`)
    }
  }
}

/** null where the folder cannot be watched (absent, out of watches): the interval is left then. */
function openWatcher(folder: string, changed: () => void): FSWatcher | null {
  try {
    const watcher = watch(folder, { persistent: false }, changed)
    return watcher.on('error', () => watcher.close())
  } catch {
    return null
  }
}
