import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import test from 'ava'
import { repository } from '../harness/processes.ts'
import { anchorsOf, linksOf, pageNames, readPage } from './markdown.ts'

test('every link of README.md and docs/ to a file or a heading leads there', t => {
  let followed = 0
  for (const page of pageNames())
    for (const link of linksOf(readPage(page)).filter(target => !/^[a-z]+:/.test(target))) {
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? page : normalize(join(dirname(page), path))
      t.true(existsSync(join(repository, target)), `${page}: ${link} is not there`)
      if (anchor !== undefined)
        t.true(anchorsOf(readPage(target)).includes(anchor), `${page}: no heading ${link}`)
      followed++
    }
  t.true(followed > 20)
})

test('every page of docs/ can be reached from README.md', t => {
  const reached = new Set<string>()
  const toFollow = ['README.md']
  for (let page = toFollow.pop(); page !== undefined; page = toFollow.pop()) {
    if (reached.has(page)) continue
    reached.add(page)
    const links = linksOf(readPage(page)).map(link => link.split('#')[0] ?? '')
    toFollow.push(
      ...links.filter(link => /^[^:]+\.md$/.test(link)).map(link => normalize(join(dirname(page), link))),
    )
  }
  t.deepEqual(
    pageNames().filter(name => name.startsWith('docs/') && !reached.has(name)),
    [],
  )
})
