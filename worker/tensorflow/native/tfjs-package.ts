import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { EnvironmentError } from '../../../shared/errors.js'
import { packageRoot } from '../../../shared/package-root.js'

/** The package whose addon is compiled; the CPU and the CUDA build of libtensorflow both work below it. */
export const tfjsPackageName = '@tensorflow/tfjs-node-gpu'

/** N-API version of the addon: every Node from 20 on offers it, so that one binary fits all of them. */
export const napiVersion = 8

/** An installed tfjs-node package. */
export interface TfjsPackage {
  readonly folder: string
  readonly version: string
}

/** @throws EnvironmentError if the dependencies are not installed */
export function tfjsPackage(): TfjsPackage {
  const resolve = createRequire(join(packageRoot(), 'package.json')).resolve
  try {
    const manifest = resolve(`${tfjsPackageName}/package.json`)
    return { folder: dirname(manifest), version: (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version }
  } catch (error) {
    throw new EnvironmentError(`${tfjsPackageName} is not installed below ${packageRoot()}: run \`npm ci\` there`, {}, { cause: error })
  }
}

export function dependencyFolder({ folder }: TfjsPackage): string {
  return join(folder, 'deps')
}

/** Where tfjs-node looks for its compiled addon. */
export function addonPath({ folder }: TfjsPackage): string {
  return join(folder, 'lib', `napi-v${napiVersion}`, 'tfjs_binding.node')
}

export function hasAddon(tfjs: TfjsPackage): boolean {
  return existsSync(addonPath(tfjs))
}
