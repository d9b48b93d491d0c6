/* eslint-disable @typescript-eslint/no-unsafe-assignment -- eslint does not see JSDoc casts */
// Starts a trainer and tells its process id, to be killed in the middle: does the trainer outlive its parent?
const { launchTrainer } = /** @type {typeof import('../../worker/trainer/launch.js')} */ (await import(process.argv[2]))
const work = /** @type {import('../../worker/trainer/messages.js').TrainerWork} */ (JSON.parse(process.argv[3]))
const trainer = launchTrainer(work, {
  onEvent: (event) => {
    if (event.kind === 'epoch') process.send?.(trainer.pid)
  },
})
