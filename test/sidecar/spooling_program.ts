/** What spool.test.ts runs as a process of its own and kills: `node spooling_program.ts FOLDER LIMIT_MB COUNT`. */
import { writeSync } from 'node:fs'
import { Spool } from '../../sidecar/spool.ts'
import { numbered } from './samples.ts'

const [folder = '', limitMb = '1024', count = 'Infinity'] = process.argv.slice(2)
try {
  const spool = Spool.open(folder, Number(limitMb))
  for (let batch = 0; batch < Number(count); batch += 1) {
    const { number } = spool.append([numbered(batch)])
    // Said only now that it is on disk, and before anything else happens.
    writeSync(1, `${number}\n`)
  }
  spool.close()
} catch (error) {
  console.log((error as Error).message)
}
