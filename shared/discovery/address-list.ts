import { z } from 'zod'
import { formatAddress, parseAddress, type Address } from '../address.js'
import { messageOf } from '../errors.js'

/** `host:port` in, an Address out. */
export const addressSchema = z.string().transform((text, context): Address => {
  try {
    const address = parseAddress(text, 'an address')
    if (address.port > 0) return address
    context.addIssue({ code: 'custom', message: `'${text}' has port 0, where nobody can be reached` })
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) })
  }
  return z.NEVER
})

export const addressListSchema = z.array(addressSchema).min(1, 'names no address').max(100)

/** Content of a file that names coordinators. */
export const addressFileSchema = z.strictObject({ coordinators: addressListSchema })

export function formatAddressFile(addresses: readonly Address[]): string {
  return `${JSON.stringify({ coordinators: addresses.map(formatAddress) }, null, 2)}\n`
}
