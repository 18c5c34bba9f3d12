#!/usr/bin/env node
import './node_version.ts'

// Not a static import: an older Node would look at all of it first, and fail.
await import('../sidecar/kwollector-wattmetre.ts')
