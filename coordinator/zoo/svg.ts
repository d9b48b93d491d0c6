/** Characters XML 1.0 cannot hold at all, not even escaped. */
// eslint-disable-next-line no-control-regex
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g
const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Text as content or attribute value of an SVG document. */
export function escapeText(text: string): string {
  return text.replace(forbidden, '\ufffd').replace(/[&<>"']/g, (character) => escapes[character])
}

type Attributes = Readonly<Record<string, string | number>>

/** Coordinates to a hundredth of a pixel: finer is noise in the file. */
function attributeValue(value: string | number): string {
  return typeof value === 'number' ? String(Math.round(value * 100) / 100) : escapeText(value)
}

/** An element around content that is SVG already. */
export function element(name: string, attributes: Attributes, ...content: readonly string[]): string {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${attributeValue(value)}"`)
  return content.length === 0 ? `<${name}${list.join('')}/>` : `<${name}${list.join('')}>${content.join('')}</${name}>`
}

/** A text element around plain text. */
export function text(content: string, attributes: Attributes): string {
  return element('text', attributes, escapeText(content))
}
