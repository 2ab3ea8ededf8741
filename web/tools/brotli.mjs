// Writes FILE.br beside each file that Brotli makes smaller: node tools/brotli.mjs FILE...
// Called by tools/embed_assets.py, because Node.js has Brotli built in and Python has not.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { brotliCompressSync, constants } from 'node:zlib'

for (const file of process.argv.slice(2)) {
  const raw = readFileSync(file)
  const packed = brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length } })
  if (packed.length < raw.length) writeFileSync(`${file}.br`, packed)
  else rmSync(`${file}.br`, { force: true })
}
