/** Hard limits of the search space; within them every count of a network is an exact integer of a double. */
export const limits = {
  operations: 3,
  ratio: 4,
  minStemChannels: 2,
  maxStemChannels: 4096,
  multiplier: 9,
  blocks: 256,
  finalWidth: 65_536,
  /** Where "params, MACs and activations at most 2^53 - 1" is measured. */
  resolution: 224,
  classes: 1000,
} as const
