export type Labels = Readonly<Record<string, string>>

/** What a worker's labels lack of those that are required, as `key=value`; none = it may be given jobs. */
export function lacking(required: Labels, labels: Labels = {}): string[] {
  return Object.entries(required).flatMap(([key, value]) => (Object.hasOwn(labels, key) && labels[key] === value ? [] : [`${key}=${value}`]))
}
