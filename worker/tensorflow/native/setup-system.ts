import type { CommandRunner } from './command.js'
import { runCommand } from './command.js'
import { freeBytes } from './disk-space.js'
import { currentPlatform } from './platform.js'
import type { Platform } from './release.js'
import { type TfjsPackage, tfjsPackage } from './tfjs-package.js'

/** What the set-up needs of the machine. */
export interface SetupSystem {
  readonly env: NodeJS.ProcessEnv
  readonly run: CommandRunner
  readonly platform: () => Promise<Platform>
  readonly freeBytes: (folder: string) => Promise<number>
  /** The package that is made loadable. */
  readonly tfjs: () => TfjsPackage
  /** Takes one line per step, without a newline. */
  readonly progress: (line: string) => void
}

/** The machine that this process runs on. */
export function realSystem(progress: (line: string) => void): SetupSystem {
  return { env: process.env, run: runCommand, platform: currentPlatform, freeBytes, tfjs: tfjsPackage, progress }
}
