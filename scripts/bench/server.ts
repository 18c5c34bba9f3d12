import { availableParallelism, totalmem } from 'node:os'
import { join } from 'node:path'
import { Cluster } from '../stack/cluster.ts'
import type { StateFolder } from '../stack/state_folder.ts'

const mebibyte = 2 ** 20

/**
 * The settings that timescaledb-tune would choose for this machine, for both layouts alike; what is written is
 * safe on disk (fsync and synchronous_commit keep their defaults). No background jobs: a compression or a refresh
 * in the middle of a measurement would be measured too.
 */
function serverSettings(): Record<string, string> {
  const memory = Math.floor(totalmem() / mebibyte)
  const cores = availableParallelism()
  return {
    // PostgreSQL's own default, which timescaledb-tune leaves as it is.
    jit: 'on',
    shared_buffers: `${Math.floor(memory / 4)}MB`,
    effective_cache_size: `${Math.floor((memory * 3) / 4)}MB`,
    maintenance_work_mem: `${Math.min(2047, Math.floor(memory / 16))}MB`,
    work_mem: `${Math.max(4, Math.floor(memory / 4 / 60 / cores))}MB`,
    wal_buffers: '16MB',
    max_wal_size: '8GB',
    checkpoint_completion_target: '0.9',
    checkpoint_timeout: '30min',
    random_page_cost: '1.1',
    effective_io_concurrency: '256',
    max_parallel_workers_per_gather: String(Math.ceil(cores / 2)),
    max_parallel_workers: String(cores),
    max_worker_processes: String(cores + 3),
    'timescaledb.max_background_workers': '0',
  }
}

/**
 * Runs a bench on a server of its own, which writes to disk as a real one does.
 *
 * @param folder of this run alone
 * @param signal ends the server, and with it the run
 */
export async function onServer<T>(
  folder: StateFolder,
  signal: AbortSignal,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const cluster = new Cluster({
    folder: join(folder.path, 'cluster'),
    durability: 'kept',
    settings: serverSettings(),
  })
  const stop = () => void cluster.stop()
  try {
    await cluster.start(signal)
    if (cluster.server) folder.record(cluster.server.identity)
    signal.addEventListener('abort', stop)
    return await work(cluster)
  } finally {
    signal.removeEventListener('abort', stop)
    await cluster.stop()
  }
}
