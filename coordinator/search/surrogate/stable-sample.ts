/** FNV-1a, 32 bits (Fowler, Noll and Vo), of the UTF-16 units. */
function hash(key: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < key.length; i++) value = Math.imul(value ^ key.charCodeAt(i), 0x01000193)
  return value >>> 0
}

/**
 * At most `count` of the keys, in an order that does not depend on theirs. The choice is as good as random, and stable: when a key comes
 * or goes, at most one other changes.
 */
export function stableSample(keys: Iterable<string>, count: number): string[] {
  return [...keys]
    .map((key) => ({ key, order: hash(key) }))
    .sort((a, b) => a.order - b.order || (a.key < b.key ? -1 : 1))
    .slice(0, count)
    .map(({ key }) => key)
}
