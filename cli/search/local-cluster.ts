import type { SearchConfig } from '../../shared/config/search-config.js'
import type { SearchFolder } from './search-folder.js'
import { SupervisedRole } from './supervised-role.js'

/** Longest wait for a process to end in order. */
const stopGraceMs = 15_000

/** The coordinator of a search and the workers that its config wants on this machine, each a process of its own. */
export class LocalCluster {
  /** Rejects when one of the processes cannot be kept alive; never resolves. */
  readonly broken: Promise<never>

  private constructor(
    /** host:port of the coordinator. */
    readonly address: string,
    /** host:port of /metrics; null = none. */
    readonly metricsAddress: string | null,
    private readonly coordinator: SupervisedRole,
    private readonly workers: readonly SupervisedRole[],
    restartWords: readonly string[],
  ) {
    const roles = [coordinator.supervise(() => restartWords), ...workers.map((worker) => worker.supervise())]
    this.broken = new Promise((_, reject) => {
      Promise.all(roles).catch(reject)
    })
    // Whoever runs the search awaits it; until then a rejection must not end this process.
    this.broken.catch(() => undefined)
  }

  /** Resolves when the coordinator serves and the workers have started. */
  static async start(folder: SearchFolder, config: SearchConfig, announce: (line: string) => void): Promise<LocalCluster> {
    const coordinator = await startCoordinator(folder, config, announce)
    const address = coordinator.document.address as string
    const metricsAddress = (coordinator.document.metricsAddress ?? null) as string | null
    const names = Array.from({ length: config.workers.local }, (_, i) => `worker-${i + 1}`)
    try {
      const workers = await Promise.all(names.map((name) => startWorker(name, folder, config, address, announce)))
      // Workers know the coordinator by its address, so a later start must have the same.
      return new LocalCluster(address, metricsAddress, coordinator, workers, coordinatorWords(folder, address))
    } catch (error) {
      await coordinator.stop(stopGraceMs)
      throw error
    }
  }

  /** Process ids, for people who look with other tools. */
  get processes(): { coordinator: number | undefined; workers: (number | undefined)[] } {
    return { coordinator: this.coordinator.pid, workers: this.workers.map(({ pid }) => pid) }
  }

  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop(stopGraceMs)))
    await this.coordinator.stop(stopGraceMs)
  }
}

function coordinatorWords(folder: SearchFolder, listen: string): string[] {
  return ['coordinator', '--config', folder.configFile, '--output', folder.path, '--listen', listen, '--json']
}

function startCoordinator(folder: SearchFolder, config: SearchConfig, announce: (line: string) => void): Promise<SupervisedRole> {
  const words = coordinatorWords(folder, config.coordinator.listen)
  return SupervisedRole.start({ name: 'coordinator', words, logFile: folder.logFile('coordinator'), announce })
}

function startWorker(
  name: string,
  folder: SearchFolder,
  { workers: { local, slots } }: SearchConfig,
  address: string,
  announce: (line: string) => void,
): Promise<SupervisedRole> {
  const places = ['--work', folder.workFolder(name), '--artifacts', folder.artifacts]
  const words = ['worker', '--coordinator', address, '--name', name, '--slots', String(slots), ...places, '--share', String(local), '--drain-grace', '0s', '--json']
  return SupervisedRole.start({ name, words, logFile: folder.logFile(name), announce })
}
