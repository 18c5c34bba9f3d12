import type { ServerPrograms } from './programs.ts'

/** `kept` survives a crash of the machine; `throw-away` trades that for speed and serves tests. */
export type Durability = 'kept' | 'throw-away'

/** @returns PostgreSQL's settings by name, without those of the connection */
export function chosenSettings(durability: Durability, programs: ServerPrograms): Record<string, string> {
  return {
    // A query of a dashboard is short: compiling it would take longer than running it.
    jit: 'off',
    ...(programs.hasTimescale ? timescaleSettings : {}),
    ...(durability === 'kept' ? keptSettings : throwAwaySettings),
  }
}

const timescaleSettings = { shared_preload_libraries: 'timescaledb', 'timescaledb.telemetry_level': 'off' }

const keptSettings = {
  shared_buffers: '256MB',
  max_wal_size: '4GB',
  max_connections: '60',
  max_worker_processes: '16',
  'timescaledb.max_background_workers': '8',
}

/**
 * Every database with TimescaleDB keeps one worker for its scheduler, and the tests clone dozens of
 * databases side by side. A crash of the server is still survived (only one of the machine is not).
 */
const throwAwaySettings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  shared_buffers: '128MB',
  max_connections: '300',
  max_worker_processes: '100',
  'timescaledb.max_background_workers': '80',
}
