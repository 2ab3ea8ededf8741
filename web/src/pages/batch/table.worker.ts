import { parseTable, type ParseChoices } from './table'

onmessage = (event: MessageEvent<{ id: number; bytes: ArrayBuffer; choices: ParseChoices }>) => {
  try {
    postMessage({ id: event.data.id, table: parseTable(new Uint8Array(event.data.bytes), event.data.choices) })
  } catch (error) {
    postMessage({ id: event.data.id, failed: error instanceof Error ? error.message : String(error) })
  }
}
