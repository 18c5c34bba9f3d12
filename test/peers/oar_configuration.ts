import { join } from 'node:path'

/**
 * OAR's configuration as its package has it, but for: addresses and folders of its own; a stand-in for ssh; no
 * control groups and no look at the nodes' health, which need root and nodes; no pauses between two schedulings.
 */
export function oarConfiguration({
  folder,
  port,
  database,
  hookFolder,
}: {
  readonly folder: string
  readonly port: number
  /** The port of its PostgreSQL. */
  readonly database: number
  readonly hookFolder?: string
}): string {
  const hooks = ['server_prologue', 'server_epilogue', 'prologue', 'epilogue'].map(
    name => [`${name.toUpperCase()}_EXEC_FILE`, join(hookFolder ?? '', name)] as const,
  )
  return [
    ['DB_TYPE', 'Pg'],
    ['DB_HOSTNAME', '127.0.0.1'],
    ['DB_PORT', database],
    ['DB_BASE_NAME', 'oar2'],
    ['DB_BASE_LOGIN', 'oar'],
    ['DB_BASE_PASSWD', 'oar'],
    ['DB_BASE_LOGIN_RO', 'oar'],
    ['DB_BASE_PASSWD_RO', 'oar'],
    ['SERVER_HOSTNAME', '127.0.0.1'],
    ['SERVER_PORT', port],
    ['OARSUB_DEFAULT_RESOURCES', '/resource_id=1'],
    ['OARSUB_NODES_RESOURCES', 'network_address'],
    ['OARSUB_FORCE_JOB_KEY', 'no'],
    ['LOG_LEVEL', 3],
    ['LOG_CATEGORIES', 'all'],
    ['LOG_FILE', join(folder, 'oar.log')],
    ['OAREXEC_DEBUG_MODE', 0],
    ['OAR_RUNTIME_DIRECTORY', join(folder, 'run')],
    ['DEPLOY_HOSTNAME', '127.0.0.1'],
    ['COSYSTEM_HOSTNAME', '127.0.0.1'],
    ['DETACH_JOB_FROM_SERVER', 1],
    ['OPENSSH_CMD', join(folder, 'bin/ssh')],
    ['FINAUD_FREQUENCY', 0],
    ['PINGCHECKER_GENERIC_COMMAND', '/bin/true'],
    ['SCHEDULER_TIMEOUT', 30],
    ['SCHEDULER_NB_PROCESSES', 1],
    ['SCHEDULER_MIN_TIME_BETWEEN_2_CALLS', 0],
    ['SCHEDULER_JOB_SECURITY_TIME', 1],
    ['SCHEDULER_GANTT_HOLE_MINIMUM_TIME', 300],
    [
      'SCHEDULER_RESOURCE_ORDER',
      'scheduler_priority ASC, state_num ASC, available_upto DESC, suspended_jobs ASC, network_address ASC, resource_id ASC',
    ],
    ['SCHEDULER_PRIORITY_HIERARCHY_ORDER', 'network_address/resource_id'],
    ['SCHEDULER_AVAILABLE_SUSPENDED_RESOURCE_TYPE', 'default'],
    ['SCHEDULER_FAIRSHARING_MAX_JOB_PER_USER', 30],
    ['ENERGY_SAVING_INTERNAL', 'no'],
    ['CPUSET_PATH', '/oar'],
    ['OARSTAT_DEFAULT_OUTPUT_FORMAT', 2],
    ...(hookFolder === undefined ? [] : hooks),
  ]
    .map(([name, value]) => `${name}="${value}"\n`)
    .join('')
}
