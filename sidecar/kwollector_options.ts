import { databaseOptions, logOptions, spoolOptions } from './common_options.ts'
import type { Command, OptionDefinitions, OptionValues } from './config.ts'

export const kwollectorCommand = {
  name: 'kwollector',
  summary: 'Collects the metrics described in metrics_dir and stores them in the kwollect database.',
  options: {
    metrics_dir: {
      kind: 'text',
      default: '/etc/kwollect/metrics.d/',
      placeholder: 'DIR',
      help: 'folder of the descriptions, *.yml and *.yaml',
    },
    ...databaseOptions,
    ...logOptions,
    worker: {
      kind: 'integer',
      default: 8,
      minimum: 1,
      help: 'how many processes of ipmi-sensors run at once for BMCs that answer; other protocols need none',
    },
    ...spoolOptions,
    metrics_port: {
      kind: 'integer',
      minimum: 1,
      maximum: 65535,
      help: 'shows metrics about kwollector itself at http://METRICS_HOST:METRICS_PORT/metrics',
    },
    metrics_host: {
      kind: 'text',
      default: '127.0.0.1',
      placeholder: 'HOST',
      help: 'address of this machine to show them on; 0.0.0.0 for all IPv4, :: for all',
    },
    check: { kind: 'flag', help: 'read everything, print every error and exit' },
  },
} as const satisfies Command<OptionDefinitions>

export type KwollectorOptions = OptionValues<typeof kwollectorCommand.options>
