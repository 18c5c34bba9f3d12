import { chownSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { unprivilegedUser, wrapCommand } from '../../scripts/stack/unprivileged.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { type Outcome, repository, run } from '../harness/processes.ts'
import type { Scope } from '../harness/scope.ts'

test('the first run installs the npm packages of the lock, the second does nothing', async t => {
  const checkout = newCheckout(t)
  const asked = declared(checkout)
  const first = await bootstrap(checkout)
  t.regex(first.stdout, /^bootstrap: npm packages: \d+\.\d s\n$/, first.stderr)
  t.is(first.status, 0)
  t.true(existsSync(join(checkout, 'node_modules/.bin/node')))
  t.deepEqual(declared(checkout), asked)
  t.deepEqual(await bootstrap(checkout), { status: 0, signal: null, stdout: '', stderr: '' })
})

test('npm packages that went after a complete install come back', async t => {
  const checkout = newCheckout(t)
  await bootstrap(checkout)
  const pruned = await inCheckout(checkout, 'npm', ['install', '--no-save', '--omit=dev'])
  t.is(pruned.status, 0, pruned.stderr)
  t.false(existsSync(join(checkout, 'node_modules/.bin/node')))
  const outcome = await bootstrap(checkout)
  t.is(outcome.status, 0, outcome.stderr)
  t.true(existsSync(join(checkout, 'node_modules/.bin/node')))
})

test('an install that failed says why, keeps its log and is done again', async t => {
  const checkout = newCheckout(t)
  const program = join(checkout, 'node/node')
  const whole = readFileSync(program)
  writeFileSync(program, '#!/bin/sh\necho this Node is broken >&2\nexit 1\n')
  const broken = await bootstrap(checkout)
  t.is(broken.status, 1)
  t.regex(broken.stderr, /^bootstrap: npm packages failed after \d+\.\d s\. Its last lines:\n/)
  t.true(broken.stderr.includes('\n    this Node is broken\n'))
  const log = /The whole log: (.*)/.exec(broken.stderr)?.[1] ?? ''
  t.true(readFileSync(log, 'utf8').includes('this Node is broken'))
  writeFileSync(program, whole)
  const again = await bootstrap(checkout)
  t.regex(again.stdout, /^bootstrap: npm packages: /, again.stderr)
  t.is(again.status, 0)
})

test('of two runs at once one does the work', async t => {
  const checkout = newCheckout(t)
  const outcomes = await Promise.all([bootstrap(checkout), bootstrap(checkout)])
  t.deepEqual(
    outcomes.map(outcome => outcome.status),
    [0, 0],
  )
  const installs = outcomes.filter(outcome => outcome.stdout.includes('npm packages: '))
  t.is(installs.length, 1)
})

test('without rights it names the commands for all that is missing, after the npm packages', async t => {
  const checkout = newCheckout(t)
  const { status, stderr } = await bootstrap(checkout, ['--for-tests'], {
    // A dpkg database in which nothing is installed.
    DPKG_ADMINDIR: join(checkout, 'dpkg'),
  })
  t.is(status, 1)
  const command = `${checkout}/scripts/bootstrap.d/install-packages `
  const line = stderr.split('\n').find(text => text.trimStart().startsWith(command))
  t.is(
    line?.slice(line.indexOf(command) + command.length),
    `snmpd prometheus-node-exporter curl snmpsim openipmi freeipmi-tools python3-prometheus-client python3-psycopg2 python3-asyncpg iproute2 chromium${oarPackages}`,
    stderr,
  )
  t.true(existsSync(join(checkout, 'node_modules/.bin/node')))
})

/** Debian 12 has OAR. */
const oarPackages = readFileSync('/etc/os-release', 'utf8').includes('VERSION_CODENAME=bookworm\n')
  ? ' oar-server oar-server-pgsql oar-user oar-user-pgsql'
  : ''

test('an unknown argument is refused before anything is done', async t => {
  const checkout = newCheckout(t)
  const { status, stderr } = await bootstrap(checkout, ['--for-test'])
  t.is(status, 1)
  t.true(stderr.endsWith('bootstrap: unknown argument: --for-test\n'))
  t.false(existsSync(join(checkout, 'node_modules')))
})

/** Whoever runs the tests, the bootstrap of a test has no rights, so that it can never install on the machine. */
const user = unprivilegedUser()

/**
 * A checkout with the real scripts and one npm package, which npm finds in the checkout itself and so installs
 * without a network. It is named `node` because the bootstrap looks for that program after an install.
 */
function newCheckout(scope: Scope): string {
  const checkout = temporaryFolder(scope, 0o755)
  for (const file of ['scripts/bootstrap', 'scripts/bootstrap.d', '.npmrc']) {
    cpSync(join(repository, file), join(checkout, file), { recursive: true })
  }
  for (const folder of ['node', 'dpkg', 'refusing', 'home', 'tmp']) mkdirSync(join(checkout, folder))
  writeFileSync(join(checkout, 'dpkg/status'), '')
  symlinkSync('/bin/false', join(checkout, 'refusing/sudo'))
  writeFileSync(join(checkout, 'node/node'), '#!/bin/sh\necho v24\n', { mode: 0o755 })
  const node = { name: 'node', version: '1.0.0', bin: { node: 'node' } }
  writeFileSync(join(checkout, 'node/package.json'), JSON.stringify(node))
  const root = { name: 'checkout', version: '1.0.0', devDependencies: { node: 'file:node' } }
  writeFileSync(join(checkout, 'package.json'), JSON.stringify(root))
  const packages = {
    '': root,
    node: { ...node, dev: true },
    'node_modules/node': { resolved: 'node', link: true },
  }
  const lock = { ...root, devDependencies: undefined, lockfileVersion: 3, requires: true, packages }
  writeFileSync(join(checkout, 'package-lock.json'), JSON.stringify(lock))
  if (user)
    for (const folder of ['', 'home', 'tmp', 'node', 'node/node'])
      chownSync(join(checkout, folder), user.uid, user.gid)
  return checkout
}

/** What npm must leave as it is. */
function declared(checkout: string): string[] {
  return ['package.json', 'package-lock.json'].map(file => readFileSync(join(checkout, file), 'utf8'))
}

function bootstrap(checkout: string, args: readonly string[] = [], environment = {}): Promise<Outcome> {
  return inCheckout(checkout, join(checkout, 'scripts/bootstrap'), args, environment)
}

function inCheckout(
  checkout: string,
  command: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  const wrapped = wrapCommand(command, args, user, 'KILL')
  return run(wrapped.command, wrapped.args, {
    folder: checkout,
    environment: {
      HOME: join(checkout, 'home'),
      TMPDIR: join(checkout, 'tmp'),
      npm_config_cache: join(checkout, 'home/cache'),
      PATH: `${join(checkout, 'refusing')}:${process.env.PATH}`,
      ...environment,
    },
  })
}
