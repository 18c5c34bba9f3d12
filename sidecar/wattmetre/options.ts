import { databaseOptions, logOptions, spoolOptions } from '../common_options.ts'
import type { Command, OptionDefinitions, OptionValues } from '../config.ts'

export const wattmetreCommand = {
  name: 'kwollector-wattmetre',
  summary: 'Stores what a wattmetre reading program writes to its standard input in the kwollect database.',
  options: {
    wattmetre_id: {
      kind: 'text',
      required: true,
      placeholder: 'NAME',
      help: 'name of the wattmetre: port 3 is stored as device NAME-port3',
    },
    wattmetre_version: {
      kind: 'integer',
      default: 2,
      minimum: 2,
      maximum: 3,
      help: 'form of the lines',
    },
    mapping_file_path: {
      kind: 'text',
      placeholder: 'FILE',
      help: 'YAML file of the devices that the ports power, device_id: [NAME-port1, NAME-port2]',
    },
    ...databaseOptions,
    ...logOptions,
    ...spoolOptions,
  },
} as const satisfies Command<OptionDefinitions>

export type WattmetreOptions = OptionValues<typeof wattmetreCommand.options>
