import test from 'ava'
import { sampleLabelKeys } from '../../sidecar/sample.ts'
import { testDatabase } from '../harness/database.ts'
import { withConnection } from '../harness/server.ts'
import { descriptionOf, page, readPage, serving } from './prometheus_polls.ts'

async function labelsOn(t: Parameters<typeof serving>[0], line: string) {
  const host = await serving(t, page(line))
  const { samples } = await readPage(host, [descriptionOf({ labels: { site: 'lyon' } })])
  return samples.map(({ series, labels }) => [{ ...series.labels }, labels])
}

test('labels of a page that are kept with each sample elsewhere name its series under another name', async t => {
  t.deepEqual(await labelsOn(t, 'x{value_str="a",_metric_scrape_time="b",c="d"} 1\n'), [
    [{ exported_value_str: 'a', exported__metric_scrape_time: 'b', c: 'd', site: 'lyon' }, undefined],
  ])
})

test('that name is another where the page has it too', async t => {
  t.deepEqual(await labelsOn(t, 'x{exported_value_str="a",value_str="b"} 1\n'), [
    [{ exported_value_str: 'a', exported_exported_value_str: 'b', site: 'lyon' }, undefined],
  ])
})

test('the same goes for a custom metric, whose time of scraping is ours to tell', async t => {
  const line = 'kwollect_custom{_metric_id="x",_timestamp="1",value_str="a",_metric_scrape_time="b"} 1\n'
  const [[labels, ofSample] = []] = await labelsOn(t, line)
  t.like(labels, { exported_value_str: 'a', exported__metric_scrape_time: 'b' })
  t.deepEqual(ofSample, { _metric_scrape_time: '1732320000.250125' })
})

test('the database keeps the same labels with each sample', async t => {
  const database = await testDatabase(t)
  const [row] = await withConnection(
    database.admin,
    sql => sql<{ keys: string[] }[]>`select kwollect.sample_label_keys() as keys`,
  )
  t.deepEqual(row?.keys.toSorted(), sampleLabelKeys.toSorted())
})
