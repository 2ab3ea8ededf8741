import { describe, expect, it } from 'vitest'
import { inCalls, mapRows, rowOf } from '@/pages/batch/recipients'
import type { Table } from '@/pages/batch/table'
import { csvCell, guessMapping, looksLikeHead, parseTable, sniffDelimiter, sniffEncoding } from '@/pages/batch/table'
import { asValue } from '@/pages/send/variables'
import { fieldsOf, fromText, kindOf, toText } from '@/ui/schemaForm'

const utf8 = (text: string) => new TextEncoder().encode(text)
const utf16 = (text: string, big = false, bom = true) => {
  const codes = [...(bom ? '\uFEFF' : ''), ...text].map((each) => each.charCodeAt(0))
  return new Uint8Array(codes.flatMap((code) => (big ? [code >> 8, code & 255] : [code & 255, code >> 8])))
}
const GB_ZHANG_SAN = [0xd5, 0xc5, 0xc8, 0xfd]

describe('files of recipients', () => {
  it('are read in every encoding people have', () => {
    const text = 'phone,name\r\n13800138000,张三\r\n'
    for (const bytes of [utf8(text), utf8(`\uFEFF${text}`), utf16(text), utf16(text, true), utf16(text, false, false)]) expect(parseTable(bytes).rows).toEqual([['13800138000', '张三']])
    const gb = new Uint8Array([...utf8('phone,name\n13800138000,'), ...GB_ZHANG_SAN])
    expect(sniffEncoding(gb)).toBe('gb18030')
    expect(parseTable(gb).rows).toEqual([['13800138000', '张三']])
  })
  it('are cut by the delimiter they use', () => {
    for (const delimiter of [',', ';', '\t', '|']) expect(sniffDelimiter(`a${delimiter}b${delimiter}c\n1${delimiter}"x, y"${delimiter}3\n`)).toBe(delimiter)
    expect(parseTable(utf8('13800138000\n13800138001\n')).rows).toHaveLength(2)
  })
  it('keep the last line, quoted line ends and their line numbers', () => {
    const table = parseTable(utf8('to,text\na@x,"one\ntwo"\n\nb@x,three'))
    expect(table.rows).toEqual([['a@x', 'one\ntwo'], ['b@x', 'three']])
    expect(table.lines).toEqual([2, 5])
  })
  it('have a head only if it looks like one', () => {
    expect(looksLikeHead(['phone', 'name'])).toBe(true)
    expect(looksLikeHead(['13800138000', 'Lin'])).toBe(false)
    expect(looksLikeHead(['a@example.com'])).toBe(false)
    expect(parseTable(utf8('13800138000\n')).columns).toEqual(['1'])
  })
  it('padded cells lose their spaces', () => {
    expect(parseTable(utf8('to;n\n  138001380 ; x \n')).rows).toEqual([['138001380', 'x']])
  })
  it('10,000 rows take one pass', () => {
    expect(parseTable(utf8('phone,order_no\n' + Array.from({ length: 10_000 }, (_, n) => `138${String(n).padStart(8, '0')},S${n}`).join('\n'))).rows).toHaveLength(10_000)
  })
})

describe('columns', () => {
  it('are guessed by name, and what was chosen before wins', () => {
    expect(guessMapping(['Order No', '手机号', 'x'], ['order_no'])).toEqual({ recipient: '手机号', order_no: 'Order No' })
    expect(guessMapping(['a', 'b'], ['v'], { recipient: 'b', v: 'a' })).toEqual({ recipient: 'b', v: 'a' })
  })
  it('keeps rows that the server would refuse a whole call for out of it', () => {
    const words = { noRecipient: 'R', noValue: 'V', tooLong: 'L', nul: 'N' }
    const rows = ['a', 'x'.repeat(4_097), 'b\0c', 'd'].map((to, at) => [to, at === 3 ? '1\0' : '1'])
    const table: Table = { encoding: 'utf-8', delimiter: ',', hasHead: true, columns: ['to', 'n'], rows, lines: [2, 3, 4, 5], problems: [] }
    const mapped = mapRows(table, { recipient: 'to', n: 'n' }, [{ name: 'n', type: 'string', required: true }], { keepDuplicates: false, words })
    expect(mapped.recipients.map((each) => each.recipient)).toEqual(['a'])
    expect(mapped.problems.map(({ line, field, text, recipient }) => [line, field, text, recipient.length])).toEqual([[3, 'recipient', 'L', 200], [4, 'recipient', 'N', 3], [5, 'n', 'N', 1]])
  })
  it('become recipients; rows that lack something are named', () => {
    const table = parseTable(utf8('to,n\n1380013800,5\n,6\n1380013801,\n1380013800,7\n'))
    const words = { noRecipient: 'R', noValue: 'V', tooLong: 'too long', nul: 'nul' }
    const mapped = mapRows(table, { recipient: 'to', n: 'n' }, [{ name: 'n', type: 'integer', required: true }], { keepDuplicates: false, words })
    expect(mapped.recipients).toEqual([{ recipient: '1380013800', variables: { n: 5 } }])
    expect(mapped.problems.map((each) => [each.line, each.field, each.text])).toEqual([[3, 'recipient', 'R'], [4, 'n', 'V']])
    expect(mapped.duplicates).toBe(1)
  })
})

it('calls hold as many recipients as the server takes', () => {
  expect(inCalls(Array.from({ length: 25 }, (_, n) => n), 10).map((call) => call.length)).toEqual([10, 10, 5])
  expect(rowOf('$.recipients[12].variables.x')).toBe(12)
  expect(rowOf('$.channel')).toBe(-1)
})
it('a spreadsheet runs nothing of what is exported', () => {
  for (const cell of ['=1+1', '+cmd', '-2', '@SUM(A1)', '\tx', ' =1', '\u200b=1', '\u202e+1', '＝1']) expect(csvCell(cell).startsWith(`"'`)).toBe(true)
  expect(csvCell('a "b"')).toBe('"a ""b"""')
})
it('values fit the type of the variable or are left for the server to refuse', () => {
  expect(asValue({ name: 'n', type: 'integer' }, ' 5 ')).toBe(5)
  expect(asValue({ name: 'n', type: 'integer' }, 'five')).toBe('five')
  expect(asValue({ name: 'l', type: 'list' }, '[1,2]')).toEqual([1, 2])
  expect(asValue({ name: 's', type: 'string' }, '   ')).toBeUndefined()
})

describe('forms made from a schema', () => {
  const schema = { type: 'object', required: ['host'], properties: { port: { type: ['integer', 'null'] }, host: { type: 'string' }, tls: { type: ['string', 'null'], enum: ['on', 'off', null] }, ips: { type: ['array', 'null'], items: { type: 'string' } }, secret: { type: 'string', writeOnly: true }, map: { type: ['object', 'null'] } } }
  it('ask for each field in its way, required ones first', () => {
    expect(fieldsOf(schema).map((field) => [field.name, field.kind])).toEqual([['host', 'text'], ['port', 'number'], ['tls', 'choice'], ['ips', 'list'], ['secret', 'secret'], ['map', 'json']])
    expect(kindOf('private_key', { type: 'string' })).toBe('long')
  })
  it('give back what was put in', () => {
    const fields = Object.fromEntries(fieldsOf(schema).map((field) => [field.name, field]))
    for (const [name, value] of Object.entries({ host: 'h', port: 25, ips: ['10.0.0.0/8', '::1'], map: { a: 1 } })) expect(fromText(fields[name]!, toText(fields[name]!, value))).toEqual(value)
    expect(() => fromText(fields.port!, 'x')).toThrow('number')
    expect(() => fromText(fields.map!, '{')).toThrow('json')
    expect(fromText(fields.host!, '  ')).toBeUndefined()
  })
})
