// An encoding that starts with "-" is wrong, but it should be refused as an encoding. yargs would read it as a row of short options and,
// after "--", loses what follows a nested command: so such words travel in quotes, which none of our options or values starts with.

const quoted = (word: string): string => `"${word}"`

/** Words of the command line with those quoted that are no options though they start with "-": encodings, and all after "--". */
export function protectDashedWords(words: readonly string[]): string[] {
  const end = words.indexOf('--')
  const before = end === -1 ? words : words.slice(0, end)
  const after = end === -1 ? [] : words.slice(end + 1)
  return [...before.map((word) => (/^-[^-].*_|^-_/.test(word) ? quoted(word) : word)), ...after.map((word) => (word.startsWith('-') ? quoted(word) : word))]
}

/** The word as it was typed: the `coerce` of an argument that may start with "-". */
export function revealDashedWord(word: string): string {
  return /^"-.*"$/s.test(word) ? word.slice(1, -1) : word
}
