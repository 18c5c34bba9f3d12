import { isBusy } from './sqlite_errors.ts'

/** The spool cannot be used; the message says why and what to do. */
export class SpoolUnusable extends Error {
  override name = 'SpoolUnusable'

  constructor(path: string, folder: string, error: unknown) {
    super(explain(path, folder, error))
  }
}

function explain(path: string, folder: string, error: unknown): string {
  if (isBusy(error)) return `another kwollector uses the spool ${path}; stop it, or give another spool_dir`
  const { code, message, path: at = folder } = error as NodeJS.ErrnoException
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return `cannot write ${at} (${code}); make spool_dir and give it to the user that runs kwollector`
  }
  if (code === 'EEXIST' || code === 'ENOTDIR') return `spool_dir ${folder} is no folder; give another one`
  return `cannot use the spool ${path}: ${message}`
}
