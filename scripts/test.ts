/**
 * `npm test`: starts a server, runs ava on it and leaves nothing behind. Arguments go to ava
 * (`npm test -- test/sidecar/spool.test.ts --match '*batch*'`). The last line counts; the exit status is 1
 * where a test failed, none ran, or something was left behind.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { countLine, type Tally } from '../test/harness/ava_output.ts'
import { type ChosenServer, chooseServer } from '../test/harness/choose_server.ts'
import { endLeftovers, findLeftovers } from '../test/harness/leftovers.ts'
import { repository } from '../test/harness/processes.ts'
import { serverVariable, type TestServer } from '../test/harness/server.ts'
import { dropTemplate, makeTemplate } from '../test/harness/template.ts'
import { writePrivateFile } from './stack/secret_file.ts'
import { wrapCommand } from './stack/unprivileged.ts'

const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => interrupted.abort(signal))

/** Everything that the run and its tests write lies in here: it is their TMPDIR. */
const runFolder = mkdtempSync(join(tmpdir(), 'kwollect-test-'))
// PostgreSQL runs as another user where this is root, and has to pass.
chmodSync(runFolder, 0o711)
const testsFolder = mkdtempSync(join(runFolder, 't-'))
chmodSync(testsFolder, 0o711)

const tally: Tally = { passed: 0, failed: 0, skipped: [] }
try {
  await runOnServer(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  tally.failed++
}
rmSync(runFolder, { recursive: true, force: true })
for (const title of tally.skipped) console.log(`skipped: ${title}`)
if (interrupted.signal.aborted) console.log(`stopped by ${interrupted.signal.reason}`)
const isGood = tally.failed === 0 && tally.passed > 0 && !interrupted.signal.aborted
console.log(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped.length} skipped`)
process.exitCode = isGood ? 0 : 1

async function runOnServer(avaArguments: readonly string[]): Promise<void> {
  const chosen = await chooseServer(runFolder)
  try {
    const server = await describeServer(chosen)
    await runAva(avaArguments, server)
    await checkLeftovers()
    if (!('failure' in server.template)) await dropTemplate(chosen.address, server.template)
  } finally {
    await chosen.stop()
  }
}

async function describeServer(chosen: ChosenServer): Promise<TestServer> {
  const server: TestServer = {
    address: chosen.address,
    description: chosen.description,
    ...(await makeTemplate(chosen.address, runFolder)),
  }
  const edition =
    server.edition === 'none' ? 'kwollect-setup-db failed on it' : `TimescaleDB's ${server.edition} edition`
  console.log(`tests run on ${server.description}, ${edition}`)
  return server
}

async function runAva(avaArguments: readonly string[], server: TestServer): Promise<void> {
  const serverFile = join(runFolder, 'server.json')
  writePrivateFile(serverFile, JSON.stringify(server))
  const ava = join(repository, 'node_modules', 'ava', 'entrypoints', 'cli.js')
  const configuration = join(repository, 'test', 'harness', 'ava_config.ts')
  const { command, args } = wrapCommand(
    process.execPath,
    [ava, `--config=${configuration}`, ...avaArguments],
    undefined,
    'TERM',
  )
  const child = spawn(command, args, {
    cwd: repository,
    // A process group of its own: Ctrl-C reaches the runner alone, which ends ava before the server.
    detached: true,
    env: {
      ...process.env,
      ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
      [serverVariable]: serverFile,
      TMPDIR: testsFolder,
      // A run starts several hundred processes of the same sources, each of which would strip and compile them again.
      // Not a folder that outlives the run: what a run does must not hang on what ran before.
      NODE_COMPILE_CACHE: join(runFolder, 'compiled'),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = once(child, 'exit') as Promise<[number | null]>
  // ava and its workers alike: a worker whose ava has gone would go on with its test.
  const stop = () => child.pid !== undefined && child.exitCode === null && process.kill(-child.pid, 'SIGTERM')
  interrupted.signal.addEventListener('abort', stop)
  if (interrupted.signal.aborted) stop()
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(line)
    countLine(tally, line)
  }
  const [status] = await exit
  // ava may fail for a reason that its report does not count, an unknown option for one.
  if (status !== 0 && tally.failed === 0) tally.failed = 1
}

/** What tests left behind is a failure of theirs, named here and removed; interrupted ones could not tidy up. */
async function checkLeftovers(): Promise<void> {
  const processes = findLeftovers(testsFolder)
  await endLeftovers(processes)
  if (interrupted.signal.aborted) return
  const files = readdirSync(testsFolder)
  for (const { identity, command } of processes)
    console.log(`left running: process ${identity.pid}, ${command}`)
  for (const file of files) console.log(`left behind: ${join(testsFolder, file)}`)
  tally.failed += processes.length + files.length
}
