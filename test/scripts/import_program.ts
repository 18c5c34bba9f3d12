import { join } from 'node:path'
import { writePrivateFile } from '../../scripts/stack/secret_file.ts'
import type { EmptyInstallation } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { type BackgroundProcess, repository, startProcess } from '../harness/processes.ts'
import type { Scope } from '../harness/scope.ts'

/** Starts an import in the background, with the address of the source in the environment. */
export async function startImport(
  scope: Scope,
  installation: EmptyInstallation,
  source: string,
): Promise<BackgroundProcess> {
  const options = join(temporaryFolder(scope), 'setup.yaml')
  writePrivateFile(options, JSON.stringify(installation.options))
  return startProcess(
    scope,
    process.execPath,
    [
      join(repository, 'scripts/kwollect-setup-db.ts'),
      options,
      '--output_dir',
      installation.database.apiFolder,
    ],
    { environment: { KWOLLECT_IMPORT_FROM: source } },
  )
}
