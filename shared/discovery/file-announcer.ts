import { randomUUID } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { Address } from '../address.js'
import type { Clock, Timer } from '../clock.js'
import { messageOf } from '../errors.js'
import { formatAddressFile } from './address-list.js'
import type { Announcement, AnnouncementReport, Announcer } from './discovery.js'

/** Writes the coordinator's address to a file on a shared file system, replaced by rename, so that nobody reads half of it. */
export class FileAnnouncer implements Announcer {
  constructor(
    private readonly path: string,
    private readonly intervalMs: number,
    private readonly clock: Clock,
  ) {}

  announce(address: Address, report: AnnouncementReport): Announcement {
    const text = formatAddressFile([address])
    let timer: Timer | null = null
    let trouble: string | null | undefined
    const write = (): void => {
      const before = trouble
      trouble = this.write(text)
      if (trouble !== before) report(trouble)
      // Only a failure is repeated: a file that another coordinator has replaced since is that one's.
      timer = trouble === null ? null : this.clock.after(this.intervalMs, write)
    }
    write()
    return { withdraw: () => Promise.resolve(this.withdraw(text, timer)) }
  }

  private write(text: string): string | null {
    const temporary = `${this.path}.${randomUUID()}.tmp`
    try {
      writeFileSync(temporary, text, { flag: 'wx' })
      renameSync(temporary, this.path)
      return null
    } catch (error) {
      rmSync(temporary, { force: true })
      return `cannot write ${this.path} (${messageOf(error)}); trying again`
    }
  }

  private withdraw(text: string, timer: Timer | null): void {
    timer?.cancel()
    try {
      if (readFileSync(this.path, 'utf8') === text) rmSync(this.path)
    } catch {
      // Gone or unreadable: nothing of ours that could be taken out.
    }
  }
}
