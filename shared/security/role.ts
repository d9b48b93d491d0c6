/** What a certificate lets its holder do. `viewer` sees, `operator` also steers, `worker` trains, `coordinator` serves. */
export const roles = ['viewer', 'operator', 'worker', 'coordinator'] as const

export type Role = (typeof roles)[number]

export function isRole(text: unknown): text is Role {
  return (roles as readonly unknown[]).includes(text)
}

/** Who a certificate stands for: its CN and OU. */
export interface Identity {
  /** 1 to 64 letters, digits, dots, dashes, underscores. */
  readonly name: string
  readonly role: Role
}

/**
 * A name that every coordinator's certificate has, whatever its hosts, and that clients expect: so a coordinator that moves,
 * or is found by its IP address, is recognised. Only the authority can put it into a certificate.
 */
export const coordinatorServerName = 'nasoa-coordinator'
