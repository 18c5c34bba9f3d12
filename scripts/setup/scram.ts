import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'

const iterations = 4096 // PostgreSQL's own default

/**
 * The SCRAM-SHA-256 verifier of a password (RFC 5803, as PostgreSQL stores it). Made here, so that the
 * password itself never travels in a statement, where the server's log or pg_stat_activity could show it.
 */
export function scramVerifier(password: string): string {
  return verifierWithSalt(password, randomBytes(16), iterations)
}

/** Whether a stored verifier (`pg_authid.rolpassword`) is that of the password: then nothing is to change. */
export function matchesVerifier(password: string, stored: string): boolean {
  const parts = /^SCRAM-SHA-256\$(\d+):([^$]+)\$/.exec(stored)
  if (parts?.[1] === undefined || parts[2] === undefined) return false
  const expected = Buffer.from(verifierWithSalt(password, Buffer.from(parts[2], 'base64'), Number(parts[1])))
  const actual = Buffer.from(stored)
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

function verifierWithSalt(password: string, salt: Buffer, rounds: number): string {
  // SASLprep (RFC 4013) is NFKC for every character that people put in passwords.
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, rounds, 32, 'sha256')
  const clientKey = createHmac('sha256', salted).update('Client Key').digest()
  const storedKey = createHash('sha256').update(clientKey).digest('base64')
  const serverKey = createHmac('sha256', salted).update('Server Key').digest('base64')
  return `SCRAM-SHA-256$${rounds}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}
