const hugePages = 'glibc.malloc.hugetlb'

/**
 * Environment of a process that computes with TensorFlow: glibc (2.35 or newer) takes huge pages for its heaps where the kernel gives
 * them on request, since feature maps reach over thousands of small ones. What the user has set stays.
 */
export function processEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { GLIBC_TUNABLES: set = '' } = env
  if (set.includes(hugePages)) return env
  return { ...env, GLIBC_TUNABLES: [...set.split(':').filter(Boolean), `${hugePages}=1`].join(':') }
}
