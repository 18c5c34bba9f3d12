import type { Client } from 'pg'
import { connectAdmin } from './connection.ts'
import type { SetupOptions } from './options.ts'

/**
 * Runs statements that may wait for somebody's lock. On a signal the server is asked to cancel the one under way,
 * over a connection of its own: closing ours would leave it waiting, with all its locks, until its turn comes.
 *
 * @param client connected as db_admin
 * @throws the reason of the signal
 */
export async function interruptible<T>(
  options: SetupOptions,
  client: Client,
  stopping: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const cancel = () => void cancelStatement(options, rows[0]?.pid)
  stopping.addEventListener('abort', cancel)
  try {
    stopping.throwIfAborted()
    const result = await work()
    stopping.throwIfAborted()
    return result
  } catch (error) {
    throw stopping.aborted ? stopping.reason : error
  } finally {
    stopping.removeEventListener('abort', cancel)
  }
}

async function cancelStatement(options: SetupOptions, pid: number | undefined): Promise<void> {
  try {
    const other = await connectAdmin(options, 'postgres')
    await other.query('select pg_cancel_backend($1)', [pid])
    await other.end()
  } catch {
    // A server that cannot be reached ends the statement in its own way: the connection breaks.
  }
}
