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
  const salted = pbkdf2Sync(prepared(password), salt, rounds, 32, 'sha256')
  const clientKey = createHmac('sha256', salted).update('Client Key').digest()
  const storedKey = createHash('sha256').update(clientKey).digest('base64')
  const serverKey = createHmac('sha256', salted).update('Server Key').digest('base64')
  return `SCRAM-SHA-256$${rounds}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}

/**
 * SASLprep (RFC 4013) as libpq does it, so that its clients compute the same: blanks of other scripts become
 * spaces, what is invisible goes, compatibility forms become one. A password with a character that the RFC
 * prohibits, or that is younger than its Unicode 3.2 (emoji, of what people type), stays as it is.
 */
function prepared(password: string): string {
  if (/[\p{Cc}\p{Co}\p{Cn}\u{1f000}-\u{1ffff}]/u.test(password)) return password
  return password
    .replace(/[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g, ' ')
    .replace(/\u034f|\u00ad|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|\ufeff|[\ufe00-\ufe0f]/g, '')
    .normalize('NFKC')
}
