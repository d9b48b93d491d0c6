/**
 * A search that proposes without end. Its networks are short, so that what is measured is the hand-out of jobs and not the
 * making of proposals, which takes time in proportion to the number of blocks. As a config file has it.
 */
export function dispatchSearch(candidates: number) {
  return {
    name: 'dispatch',
    seed: 1,
    // No images are needed: nothing is trained.
    data: { directory: '/nonexistent', classes: 1000 },
    space: {
      stemChannels: [16, 32, 48, 64, 96, 128],
      blocks: { min: 4, max: 8 },
      doublings: { min: 0, max: 4 },
      finalWidth: { min: 16, max: 2048 },
    },
    training: { epochs: 1, batch: 64, resolution: 224 },
    // Jobs take no time here: a model that thinks about the next one would be all that is measured.
    search: { algorithm: 'nsga2', population: 24, candidates },
    phases: [],
    jobs: { leaseTime: '15s' },
  }
}
