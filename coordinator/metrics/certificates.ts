import { X509Certificate } from 'node:crypto'
import { Gauge, type Registry } from 'prom-client'
import type { TlsMaterial } from '../../shared/security/tls-material.js'

/** When certificates expire, so that an alert can come before. @param material what is in use */
export function registerCertificateMetrics(registry: Registry, material: () => TlsMaterial): void {
  new Gauge({
    name: 'nasoa_certificate_expiry_timestamp_seconds',
    help: 'Unix time at which a certificate expires: that of the coordinator, that of its authority',
    labelNames: ['holder'],
    registers: [registry],
    collect() {
      const { ca, certificate } = material()
      this.set({ holder: 'coordinator' }, expirySeconds(certificate))
      this.set({ holder: 'authority' }, expirySeconds(ca))
    },
  })
}

function expirySeconds(pem: Buffer): number {
  return Date.parse(new X509Certificate(pem).validTo) / 1000
}
