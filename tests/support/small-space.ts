/** Networks small enough for tests, on the demo's digits. */
export const smallSpace = {
  operationsPerBlock: { min: 1, max: 2 },
  stemChannels: [4, 8, 16],
  multipliers: [2],
  blocks: { min: 3, max: 5 },
  downsamplings: { min: 2, max: 2 },
  doublings: { min: 1, max: 2 },
  finalWidth: { min: 8, max: 64 },
  measuredAt: { resolution: 32, classes: 10 },
}
