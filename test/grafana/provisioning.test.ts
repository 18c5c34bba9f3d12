import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { parse } from 'yaml'
import { repository } from '../harness/processes.ts'
import { dashboard, grafanaFolder, queries } from './dashboard.ts'

const { panels, templating } = dashboard

interface DataSource {
  readonly uid: string
  readonly type: string
  readonly user: string
  readonly secureJsonData: { readonly password: string }
  readonly jsonData: { readonly timescaledb: boolean }
}

function provisioned(path: string): unknown {
  return parse(readFileSync(join(grafanaFolder, 'provisioning', path), 'utf8'))
}

const { datasources } = provisioned('datasources/kwollect.yaml') as { datasources: readonly DataSource[] }
const [source] = datasources

test('the data source reads as kwuser_ro, and its password is in no file of the package', t => {
  t.is(datasources.length, 1)
  t.is(source?.user, 'kwuser_ro')
  t.regex(source?.secureJsonData.password ?? '', /^\$__file\{\/.+\}$/)
  t.true(source?.jsonData.timescaledb)
})

test('all panels, queries and variables use the data source that is provisioned', t => {
  const used = [
    ...panels.map(panel => panel.datasource),
    ...panels.flatMap(({ targets }) => targets.map(target => target.datasource)),
    ...templating.list.filter(({ type }) => type === 'query').map(variable => variable.datasource),
  ]
  t.true(used.length >= 8)
  for (const found of used) t.deepEqual(found, { type: source?.type ?? '', uid: source?.uid ?? '' })
})

test('the dashboards are looked for in a folder, under a name that no other provider has', t => {
  const { providers } = provisioned('dashboards/kwollect.yaml') as {
    providers: readonly { type: string; options: { path: string } }[]
  }
  t.is(providers.length, 1)
  t.like(providers[0], { type: 'file', options: { path: '/etc/grafana/dashboards/kwollect' } })
})

test('panels have numbers of their own, and none lies on another', t => {
  t.is(new Set(panels.map(({ id }) => id)).size, panels.length)
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
  )
  t.is(new Set(cells).size, cells.length)
  t.true(panels.every(({ gridPos }) => gridPos.x + gridPos.w <= 24))
})

test('every variable that something uses exists, and every variable is used', t => {
  const names = templating.list.map(({ name }) => name)
  t.is(new Set(names).size, names.length)
  const used = [...JSON.stringify(dashboard).matchAll(/\$\{?(\w+)/g)].flatMap(([, name = '']) => [name])
  const own = used.filter(name => !name.startsWith('__'))
  t.deepEqual([...new Set(own)].toSorted(), names.toSorted())
  for (const { repeat } of panels) if (repeat !== undefined) t.true(names.includes(repeat))
})

test('a query that depends on the time range is asked again when it changes', t => {
  for (const { name, query, type, refresh } of templating.list)
    if (type === 'query') t.is(refresh, query.includes('$__time') ? 2 : 1, name)
})

test('every query quotes its variables in the way that is the same in all versions of Grafana', t => {
  t.is(Object.keys(queries).length, 5)
  for (const [name, query] of Object.entries(queries))
    for (const [text] of query.matchAll(/\$\{?(?!__)\w+[^}]*\}?/g))
      t.regex(text, /^\$\{\w+:sqlstring\}$/, name)
})

/** The unit by the overrides that match the name of a series, of which the last one wins. */
function unitOf(series: string): unknown {
  const overrides = panels.find(({ repeat }) => repeat === 'metric')?.fieldConfig.overrides ?? []
  const matching = overrides.filter(({ matcher }) => {
    const [, expression] = /^\/(.*)\/$/.exec(matcher.options) ?? []
    return matcher.id === 'byRegexp' && new RegExp(expression ?? '(?!)').test(series)
  })
  return matching.flatMap(({ properties }) => properties).findLast(({ id }) => id === 'unit')?.value
}

test('the unit of a plot follows from the name of its metric, that of a counter is per second', t => {
  for (const [metric, unit] of [
    ['wattmetre_power_watt', 'watt'],
    ['node_power_watts', 'watt'],
    ['rapl_package_joules_total', 'watt'],
    ['pack_joules', 'joule'],
    ['bmc_cpu_temp_celsius', 'celsius'],
    ['bmc_psu_voltage_volt', 'volt'],
    ['pdu_current_ampere', 'amp'],
    ['pdu_current_amps', 'amp'],
    ['cpu_frequency_hertz', 'hertz'],
    ['bmc_fan_speed_rpm', 'rotrpm'],
    ['prom_node_memory_MemFree_bytes', 'bytes'],
    ['network_ifacein_bytes_total', 'Bps'],
    ['network_ifacein_packets_total', 'pps'],
    ['prom_node_cpu_seconds_total', 'percentunit'],
    ['prom_node_load1', undefined],
    ['kilowattage', undefined],
  ] as const)
    t.is(unitOf(`node-1 {"cpu": "1"} ${metric}`), unit, metric)
})

test('the npm package has all of it', t => {
  const { files } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { files: string[] }
  t.true(files.includes('grafana'))
})
