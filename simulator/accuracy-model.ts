import { Matrix, solve } from 'ml-matrix'
import type { NetworkCost } from '../shared/network/cost.js'
import { referenceNetworks } from './reference-networks.js'

/** Share of images that no network of the table comes near to classifying right: leave-one-out errors are smallest with it. */
const irreducibleError = 0.14
const ridge = 1e-3

const features = ({ params, macs, activations }: NetworkCost): number[] => [1, Math.log(params) - 17, Math.log(macs) - 22, Math.log(activations) - 16]

/**
 * Accuracy of a fully trained network from its costs at 224 pixels and 1,000 classes: the logarithm of the error beyond the
 * irreducible one is linear in the logarithms of params, MACs and activations. Fitted to the 34 reference networks, which it
 * predicts with a root mean square error of 0.55 points when each is left out.
 */
export class AccuracyModel {
  /** Of the logarithm of the error, among networks of equal cost. */
  readonly deviation: number
  private readonly weights: readonly number[]

  constructor(networks: typeof referenceNetworks = referenceNetworks) {
    const targets = networks.map(({ top1 }) => Math.log(1 - top1 - irreducibleError))
    const x = new Matrix(networks.map(features))
    const gram = x.transpose().mmul(x).add(Matrix.eye(x.columns).mul(ridge))
    this.weights = solve(gram, x.transpose().mmul(Matrix.columnVector(targets))).to1DArray()
    const squares = networks.map((network, i) => (this.logError(network) - targets[i]) ** 2)
    this.deviation = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / (networks.length - this.weights.length))
  }

  /** Share of images classified wrong, 0..1. @param deviations by how many standard deviations this network is worse than its like */
  error(cost: NetworkCost, deviations = 0): number {
    return Math.min(1, irreducibleError + Math.exp(this.logError(cost) + deviations * this.deviation))
  }

  /** Logarithm of the error beyond the irreducible one; of networks smaller than any reference it goes on growing where errors cannot. */
  logError(cost: NetworkCost): number {
    return features(cost).reduce((sum, feature, i) => sum + feature * this.weights[i], 0)
  }
}
