/** What a CPU is and which vector instructions it has. */
export interface CpuDescription {
  readonly model: string
  /** Those that matter to TensorFlow, named as /proc/cpuinfo does. */
  readonly features: readonly string[]
}

const x64Features = ['avx', 'avx2', 'fma', 'f16c', 'avx512f', 'avx512_vnni', 'avx_vnni', 'avx512_bf16', 'avx512_fp16', 'amx_tile', 'amx_int8', 'amx_bf16']
const arm64Features = ['asimd', 'asimdhp', 'asimddp', 'sve', 'sve2', 'bf16', 'i8mm']

/** @param cpuInfo contents of /proc/cpuinfo */
export function describeCpu(cpuInfo: string): CpuDescription {
  const present = new Set((field(cpuInfo, 'flags') ?? field(cpuInfo, 'Features') ?? '').split(/\s+/))
  const implementer = field(cpuInfo, 'CPU implementer')
  const model = field(cpuInfo, 'model name') ?? (implementer === null ? 'unknown' : `arm64 ${implementer}/${field(cpuInfo, 'CPU part')}`)
  return { model, features: [...x64Features, ...arm64Features].filter(name => present.has(name)) }
}

function field(cpuInfo: string, name: string): string | null {
  return new RegExp(`^${name}\\s*:\\s*(.*)$`, 'm').exec(cpuInfo)?.[1]?.trim() ?? null
}
