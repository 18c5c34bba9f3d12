/**
 * What each command loads before anything else: says which Node is needed where this one is older, in place of the
 * stack trace of the first thing that it lacks (npm only warns of `engines`). Uses nothing that Node 14 has not.
 */
const needed = 24 // engines in package.json
const [major = '0'] = process.versions.node.split('.')

if (Number(major) < needed) {
  console.error(
    `kwollect needs Node.js ${needed} or newer, this is ${process.version} (${process.execPath}): install Node.js ${needed}, or put it first in PATH.`,
  )
  process.exit(1)
}

// An administrator can do nothing about the label that node:sqlite carries. Here and not as --disable-warning in the
// first line of the commands, which an older Node takes for a mistake before it gets to the sentence above.
process.removeAllListeners('warning')
process.on('warning', warning => {
  if (warning.name !== 'ExperimentalWarning') console.error(warning.stack)
})
