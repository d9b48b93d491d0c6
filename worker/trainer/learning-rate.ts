import type { TrainingRecipe } from '../../shared/training/specification.js'

/**
 * Learning rate of step `step` (from 0) of `totalSteps`: linear warm-up over a share of all steps, rounded to whole steps,
 * that reaches the peak with its last step; then half a cosine from the peak, which would reach 0 one step after the last
 * (SGDR, Loshchilov and Hutter 2017, without restarts).
 */
export function learningRateAt(step: number, totalSteps: number, { learningRate, warmup }: Pick<TrainingRecipe, 'learningRate' | 'warmup'>): number {
  const warmupSteps = Math.round(warmup * totalSteps)
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps
  const done = (step - warmupSteps) / (totalSteps - warmupSteps)
  return (learningRate * (1 + Math.cos(Math.PI * done))) / 2
}
