import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { storeFileName } from '../../coordinator/store/sqlite-store.js'
import { type SearchConfigFile, loadSearchConfig } from '../../shared/config/search-config.js'
import { InvalidInputError, NotFoundError } from '../../shared/errors.js'

/** The folder of one search: its config, its store, its logs and its zoo. */
export class SearchFolder {
  private constructor(readonly path: string) {}

  /** @throws InvalidInputError when there is a search in it already. */
  static create(path: string, { text }: SearchConfigFile): SearchFolder {
    const folder = new SearchFolder(path)
    if (SearchFolder.isTaken(path)) {
      const how = folder.isCoordinators ? 'continue it with the same `nasoa coordinator` command' : `continue it with \`nasoa search resume ${path}\``
      throw new InvalidInputError(`${path} holds a search already: ${how}, or choose another --output`)
    }
    mkdirSync(folder.logs, { recursive: true })
    writeFileSync(folder.configFile, text)
    return folder
  }

  /** @throws NotFoundError when there is no search in it. */
  static open(path: string): SearchFolder {
    const folder = new SearchFolder(path)
    if (folder.isCoordinators) {
      throw new InvalidInputError(`the search in ${path} was begun by \`nasoa coordinator\`: it goes on with the same command`)
    }
    if (!existsSync(folder.configFile)) throw new NotFoundError(`no search in ${path}: there is no config.yaml; name the folder given to --output`)
    mkdirSync(folder.logs, { recursive: true })
    return folder
  }

  static isTaken(path: string): boolean {
    return existsSync(join(path, storeFileName)) || existsSync(join(path, 'config.yaml'))
  }

  get configFile(): string {
    return join(this.path, 'config.yaml')
  }

  /** Whether a coordinator began the search, with a config of its own. */
  private get isCoordinators(): boolean {
    return existsSync(join(this.path, storeFileName)) && !existsSync(this.configFile)
  }

  get logs(): string {
    return join(this.path, 'logs')
  }

  config(): SearchConfigFile {
    return loadSearchConfig(this.configFile)
  }

  logFile(role: string): string {
    return join(this.logs, `${role}.log`)
  }

  /** Checkpoints that the local workers share. */
  get artifacts(): string {
    return join(this.path, 'artifacts')
  }

  /** Where a local worker keeps checkpoints and undelivered results. */
  workFolder(role: string): string {
    return join(this.path, 'work', role)
  }
}
