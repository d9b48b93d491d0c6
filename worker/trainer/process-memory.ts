import { readFileSync } from 'node:fs'

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return otherwise
  }
}

/** Largest resident memory of a living process, bytes; 0 where the system does not tell. */
export function peakResidentBytes(pid: number): number {
  return 1024 * Number(/^VmHWM:\s*(\d+) kB/m.exec(readOr(`/proc/${pid}/status`, ''))?.[1] ?? 0)
}

/** Processes that the kernel has killed for memory in this process's control group so far; null where it does not tell. */
export function outOfMemoryKills(): number | null {
  const group = /^0::(.*)$/m.exec(readOr('/proc/self/cgroup', ''))?.[1] ?? ''
  const files = [`/sys/fs/cgroup${group}/memory.events`, '/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control']
  for (const file of files) {
    const count = /^oom_kill (\d+)$/m.exec(readOr(file, ''))?.[1]
    if (count !== undefined) return Number(count)
  }
  // Outside of a control group: the whole machine's counter.
  const machine = /^oom_kill (\d+)$/m.exec(readOr('/proc/vmstat', ''))?.[1]
  return machine === undefined ? null : Number(machine)
}
