import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'

/**
 * A random password that outlives this run: read from the file, or made and written there (mode 0600).
 *
 * @returns 192 random bits in characters that no URL, YAML or shell treats specially
 */
export function keptSecret(file: string): string {
  if (!existsSync(file)) writePrivateFile(file, randomBytes(24).toString('base64url'))
  return readFileSync(file, 'utf8').trim()
}

/** Writes a file that only its owner can ever read; whole or not at all, an old one is replaced. */
export function writePrivateFile(file: string, content: string): void {
  const descriptor = openSync(`${file}.new`, 'w', 0o600)
  writeSync(descriptor, content)
  closeSync(descriptor)
  renameSync(`${file}.new`, file)
}
