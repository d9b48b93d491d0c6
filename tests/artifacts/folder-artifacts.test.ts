import { readdirSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { FolderArtifacts } from '../../shared/artifacts/folder-artifacts.js'
import { artifactContract } from './contract.js'

artifactContract('artifacts in a folder', (folder) => ({
  store: new FolderArtifacts(folder),
  truncate: (bytes) => {
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) if (file.endsWith('.safetensors')) truncateSync(join(folder, file), bytes)
  },
}))
