/** Matern 5/2 correlation at a squared, relevance-weighted distance (Rasmussen and Williams, 2006, equation 4.17). */
export function matern52(squaredDistance: number): number {
  const r = Math.sqrt(5 * squaredDistance)
  return (1 + r + (r * r) / 3) * Math.exp(-r)
}

/** Its derivative with respect to the squared distance. */
export function matern52Slope(squaredDistance: number): number {
  const r = Math.sqrt(5 * squaredDistance)
  return (-5 / 6) * (1 + r) * Math.exp(-r)
}
