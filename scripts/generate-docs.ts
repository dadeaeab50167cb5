// Writes the documents that are made from the code, and the state diagram into ARCHITECTURE.md.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GENERATED_DOCUMENTS, withStateDiagram } from './generated-documents.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

for (const [path, make] of GENERATED_DOCUMENTS) writeFileSync(join(root, path), make())

const architecture = join(root, 'ARCHITECTURE.md')
const drawn = existsSync(architecture) ? withStateDiagram(readFileSync(architecture, 'utf8')) : undefined
if (drawn !== undefined) writeFileSync(architecture, drawn)
