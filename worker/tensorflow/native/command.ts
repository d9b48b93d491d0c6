import { spawn } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** How a child process ended; code is null when a signal ended it or it could not be started. */
export interface CommandResult {
  readonly code: number | null
  /** stdout and stderr, in the order in which they came. */
  readonly output: string
}

export interface CommandOptions {
  readonly env: NodeJS.ProcessEnv
  readonly cwd?: string
}

/** Runs a program to its end; never throws for what the program does. */
export type CommandRunner = (program: string, args: readonly string[], options: CommandOptions) => Promise<CommandResult>

export const runCommand: CommandRunner = (program, args, options) =>
  new Promise(resolve => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const collect = (chunk: Buffer) => (output += chunk.toString())
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.on('error', error => resolve({ code: null, output: output + error.message }))
    child.on('close', code => resolve({ code, output }))
  })

/** Full path of a program as the shell would find it, or null. */
export function findProgram(name: string, env: NodeJS.ProcessEnv): string | null {
  const candidates = name.includes('/') ? [name] : (env.PATH ?? '').split(delimiter).map(folder => join(folder, name))
  return candidates.find(isExecutable) ?? null
}

/** The last line that says something: where a failed program names the reason. */
export function lastLine(output: string): string {
  const lines = output.split('\n').map(line => line.trim())
  return lines.findLast(line => line !== '') ?? 'no output'
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
