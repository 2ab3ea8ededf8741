// Writes src/api/schema.d.ts, the types of the API, from docs/openapi.json; unchanged input leaves the file alone.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import openapiTS, { astToString } from 'openapi-typescript'

const source = new URL('../../docs/openapi.json', import.meta.url)
const target = new URL('../src/api/schema.d.ts', import.meta.url)

const text =
  '// Generated from docs/openapi.json by "npm run generate".\n' +
  astToString(await openapiTS(JSON.parse(readFileSync(source, 'utf8')), { alphabetize: true }))
if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(target, text)
