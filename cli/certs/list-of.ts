/** `a, b` as a list; empty parts are left out. */
export function listOf(text: string): string[] {
  return text.split(',').map((part) => part.trim()).filter((part) => part !== '')
}
