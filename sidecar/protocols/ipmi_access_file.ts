import { closeSync, mkdtempSync, openSync, readFileSync, rmdirSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { IpmiAccess } from '../ipmi_url.ts'

/** What a site says for all its FreeIPMI tools; Debian's package puts it there with all lines commented out. */
export const SITE_CONFIGURATION = '/etc/freeipmi/freeipmi.conf'

/** Settings of the site that hold where the url says nothing. Its user, password and time-outs never do. */
const SITE_SETTINGS = new Set([
  'authentication-type',
  'cipher-suite-id',
  'k_g',
  'privilege-level',
  'workaround-flags',
])

/**
 * Writes freeipmi.conf(5) for one access into a file whose name is already gone: nobody can open it
 * but by the descriptor, which a child inherits, and it goes with the last that holds it, SIGKILL or not. On
 * the command line or in the environment others could read the password; ipmi-sensors reads no pipe.
 *
 * @returns the descriptor, for the caller to close
 */
export function openAccessFile(access: IpmiAccess, siteConfiguration: string): number {
  const descriptor = openUnnamedFile()
  try {
    writeSync(descriptor, accessLines(access, siteLines(siteConfiguration)))
    return descriptor
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

function openUnnamedFile(): number {
  const folder = mkdtempSync(join(tmpdir(), 'kwollector-ipmi-'))
  try {
    const file = join(folder, 'freeipmi.conf')
    const descriptor = openSync(file, 'wx+', 0o600)
    unlinkSync(file)
    return descriptor
  } finally {
    // Not rmSync, which reads the folder and so fails where no descriptor is left.
    rmdirSync(folder)
  }
}

/** @param site values by setting, as they are written in the site's file */
export function accessLines(access: IpmiAccess, site: ReadonlyMap<string, string>): string {
  const settings = new Map<string, string>([['privilege-level', 'USER'], ...site])
  settings.set('driver-type', access.driver)
  if (access.privilege !== undefined) settings.set('privilege-level', access.privilege)
  if (access.cipher !== undefined) settings.set('cipher-suite-id', String(access.cipher))
  if (access.workarounds !== undefined) settings.set('workaround-flags', access.workarounds.join(' '))
  if (access.user !== '') settings.set('username', quote(access.user))
  if (access.password !== '') settings.set('password', quote(access.password))
  return [...settings].map(([setting, value]) => `${setting} ${value}\n`).join('')
}

/** Found by trying: within quotes these three need a backslash, all else stands for itself. */
function quote(text: string): string {
  return `"${text.replace(/[\\"#]/g, '\\$&')}"`
}

/** @returns nothing where the file is absent or not for us to read */
function siteLines(file: string): ReadonlyMap<string, string> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return new Map()
  }
  const lines = text
    .split('\n')
    .map(line => /^\s*(?<setting>[\w-]+)\s+(?<value>[^\s#].*)$/.exec(line)?.groups)
  return new Map(
    lines.flatMap(line =>
      line?.setting && line.value && SITE_SETTINGS.has(line.setting) ? [[line.setting, line.value]] : [],
    ),
  )
}
