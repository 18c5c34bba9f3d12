import { execFileSync } from 'node:child_process'
import { statfsSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { findProgram } from '../../scripts/stack/programs.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { testWhere } from '../harness/server.ts'

const [mount = '', umount = ''] = [findProgram('mount'), findProgram('umount')]

/** A test that needs {@link smallDisk}. */
export const rootTest = testWhere(
  test,
  process.getuid?.() === 0 && mount !== '' ? undefined : 'it needs root to mount a small disk',
)

/** A disk of 1 MB; `fill` leaves so many bytes of it, none unless told, until `free`. */
export function smallDisk(t: ExecutionContext): {
  folder: string
  free: () => void
  fill: (leave?: number) => void
} {
  const folder = temporaryFolder(t)
  execFileSync(mount, ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder])
  t.teardown(() => {
    execFileSync(umount, [folder])
  })
  const ballast = join(folder, 'ballast')
  return {
    folder,
    free: () => unlinkSync(ballast),
    fill(leave = 0) {
      const { bavail, bsize } = statfsSync(folder)
      writeFileSync(ballast, Buffer.alloc(bavail * bsize - leave))
    },
  }
}
