import { type ChildProcess, fork } from 'node:child_process'
import { EnvironmentError } from '../../../shared/errors.js'
import { builtModule } from '../../../shared/package-root.js'
import { lastLine } from './command.js'

/** What the native library is, as observed in a process that loaded it and ran a convolution. */
export interface TensorFlowFacts {
  /** Version of the native library. */
  readonly tensorflow: string
  readonly tfjs: string
  readonly gpu: boolean
  /** Whether oneDNN executed the convolution. */
  readonly oneDnn: boolean
  /** Instruction set that oneDNN chose, such as `Intel AVX2`; null where it says nothing. */
  readonly oneDnnIsa: string | null
}

interface Answer {
  readonly tensorflow: string
  readonly tfjs: string
  readonly gpu: boolean
  readonly sample: number
}

/**
 * Loads TensorFlow in a child process, because a library that does not fit the machine kills the process that loads it.
 * @throws EnvironmentError that says how the child ended
 */
export async function probeTensorFlow(env: NodeJS.ProcessEnv = process.env): Promise<TensorFlowFacts> {
  const child = fork(builtModule('worker/tensorflow/native/probe'), { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: { ...env, ONEDNN_VERBOSE: '1' } })
  const { answer, log } = await observe(child)
  const { tensorflow, tfjs, gpu } = answer
  return { tensorflow, tfjs, gpu, ...readOneDnnLog(log) }
}

/** @param log stdout of a process that ran a convolution with ONEDNN_VERBOSE=1 */
export function readOneDnnLog(log: string): Pick<TensorFlowFacts, 'oneDnn' | 'oneDnnIsa'> {
  return {
    // With oneDNN off TensorFlow still uses its matrix product (`exec,cpu,gemm_api`), but not its convolution.
    oneDnn: /^onednn_verbose,.*\bexec,[^,]*,convolution,/m.test(log),
    oneDnnIsa: /^onednn_verbose,.*\bcpu,isa:(.*)$/m.exec(log)?.[1]?.trim() ?? null,
  }
}

function observe(child: ChildProcess): Promise<{ answer: Answer; log: string }> {
  return new Promise((resolve, reject) => {
    let answer: Answer | undefined
    let log = ''
    let trouble = ''
    child.stdout?.on('data', (chunk: Buffer) => (log += chunk.toString()))
    child.stderr?.on('data', (chunk: Buffer) => (trouble += chunk.toString()))
    child.on('message', message => (answer = message as Answer))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (answer !== undefined && Math.round(answer.sample) === 72) resolve({ answer, log })
      else reject(probeError(signal ?? `exit code ${code}`, answer, trouble))
    })
  })
}

function probeError(ending: string, answer: Answer | undefined, trouble: string): EnvironmentError {
  const reason = answer === undefined ? `ended with ${ending}: ${lastLine(trouble)}` : `computed ${answer.sample} where 72 is right`
  return new EnvironmentError(`TensorFlow ${reason}: run \`nasoa setup --force\``, { ending })
}
