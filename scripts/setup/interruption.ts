import type { Client } from 'pg'
import { connectAdmin } from './connection.ts'
import type { AdminOptions } from './options.ts'

/**
 * Runs statements that may wait for somebody's lock. On a signal the server is asked to end their session, over a
 * connection of its own: closing ours would leave it waiting, with all its locks, until its turn comes, and
 * cancelling would miss a session that is between two statements.
 *
 * @param client connected as db_admin
 * @throws the reason of the signal
 */
export async function interruptible<T>(
  options: AdminOptions,
  client: Client,
  stopping: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const end = () => void endSession(options, rows[0]?.pid)
  stopping.addEventListener('abort', end)
  try {
    stopping.throwIfAborted()
    const result = await work()
    stopping.throwIfAborted()
    return result
  } catch (error) {
    throw stopping.aborted ? stopping.reason : error
  } finally {
    stopping.removeEventListener('abort', end)
  }
}

async function endSession(options: AdminOptions, pid: number | undefined): Promise<void> {
  try {
    const other = await connectAdmin(options, 'postgres')
    await other.query('select pg_terminate_backend($1)', [pid])
    await other.end()
  } catch {
    // A server that cannot be reached has ended the session already.
  }
}
