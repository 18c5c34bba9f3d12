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
