import { describe, expect, it } from 'vitest'
import { OutOfMemoryError, sessionError } from '../../worker/tensorflow/errors.js'

describe('errors of a session run', () => {
  it.each([
    'Session fail to run with error: OOM when allocating tensor with shape[16,1073741824] and type float\n\t [[{{node init/Fill}}]]',
    'Session fail to run with error: Resource exhausted: failed to allocate memory',
    'Session fail to run with error: Operation received an exception:Status: 1, message: could not create a memory object',
    'CUDA_ERROR_OUT_OF_MEMORY: out of memory',
    'std::bad_alloc',
  ])('that say the memory is full are typed: %s', (message) => {
    const error = sessionError(new Error(message))
    expect(error).toBeInstanceOf(OutOfMemoryError)
    expect((error as Error).message).not.toContain('\n')
  })

  it.each(['Matrix size-incompatible: In[0]: [4,64], In[1]: [32,10]', 'The room is full'])('of other kinds stay what they are: %s', (message) => {
    const error = new Error(message)
    expect(sessionError(error)).toBe(error)
  })
})
