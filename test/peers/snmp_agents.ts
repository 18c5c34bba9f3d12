import { randomInt } from 'node:crypto'
import { createSession, Version2c } from 'net-snmp'

/** Whether an SNMP v2c agent answers a GET within 100 ms: how a test waits for its start. */
export function answers(
  agent: { host: string; port: number; community: string },
  oid: string,
): Promise<boolean> {
  const session = createSession(agent.host, agent.community, {
    port: agent.port,
    version: Version2c,
    timeout: 100,
    retries: 0,
  })
  session.on('error', () => {})
  return new Promise(resolve => {
    session.get([oid], error => {
      session.close()
      resolve(error === null)
    })
  })
}

/**
 * Addresses of a loopback net chosen at random: a free port of 127.0.0.1 can be taken by any client socket
 * before an agent that needs a second to start binds it, and snmpsimd binds a taken port without complaint.
 */
export function loopbackAddresses(count: number): string[] {
  const net = randomInt(10, 250)
  return Array.from({ length: count }, (_, index) => `127.${net}.${index >> 7}.${1 + (index & 127)}`)
}
