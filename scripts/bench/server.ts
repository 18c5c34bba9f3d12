import { availableParallelism, totalmem } from 'node:os'

const mebibyte = 2 ** 20

/**
 * The settings that timescaledb-tune would choose for this machine, for both layouts alike; what is written is
 * safe on disk (fsync and synchronous_commit keep their defaults). No background jobs: a compression or a refresh
 * in the middle of a measurement would be measured too.
 */
export function serverSettings(): Record<string, string> {
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
